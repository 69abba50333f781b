/**
 * The load driver behind {@code chancery bench}: what the installation does under load, seen from a client, with the hardware and
 * the settings beside the figures.
 */
@NullMarked
package dev.chancery.cli.bench;

import org.jspecify.annotations.NullMarked;
