/**
 * The vault: secrets that programs hold references to. A value is sealed before it is written, and released only once the log has that it
 * is read.
 */
@NullMarked
package dev.chancery.vault;

import org.jspecify.annotations.NullMarked;
