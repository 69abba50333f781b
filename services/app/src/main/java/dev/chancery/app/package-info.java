/**
 * The application: every part wired to what it stands on, in one place, by hand. {@link dev.chancery.app.Application} builds and
 * starts the parts that the process's {@link dev.chancery.feature.ProcessRole}s name; {@link dev.chancery.app.HttpFront} gives them Quarkus' HTTP server.
 */
@NullMarked
package dev.chancery.app;

import org.jspecify.annotations.NullMarked;
