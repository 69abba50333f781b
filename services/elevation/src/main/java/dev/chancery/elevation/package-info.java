/**
 * Break-glass: a role for a while, with a reason, approved by others. What is held by it, {@code backbone/decision} reads from the same
 * streams; uses of it are marked in each record's actor.
 */
@NullMarked
package dev.chancery.elevation;

import org.jspecify.annotations.NullMarked;
