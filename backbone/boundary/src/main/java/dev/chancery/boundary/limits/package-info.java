/**
 * How many calls a caller may make: token buckets that all processes share, of which each takes a few tokens at a time, so that a call
 * costs no round trip of its own (ADR 42).
 */
@NullMarked
package dev.chancery.boundary.limits;

import org.jspecify.annotations.NullMarked;
