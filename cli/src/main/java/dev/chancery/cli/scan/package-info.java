/** Looks for secrets in trees, changes, histories and archives. */
@NullMarked
package dev.chancery.cli.scan;

import org.jspecify.annotations.NullMarked;
