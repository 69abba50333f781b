/**
 * Behind {@code chancery bench}: what an instance does under load, seen from a client, with the hardware and the settings beside the
 * figures, and what it cost in processor time.
 */
@NullMarked
package dev.chancery.cli.bench;

import org.jspecify.annotations.NullMarked;
