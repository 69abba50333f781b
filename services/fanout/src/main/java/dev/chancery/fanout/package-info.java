/** Sends each feature's events to a topic of its own, as CloudEvents, for programs downstream. */
@NullMarked
package dev.chancery.fanout;

import org.jspecify.annotations.NullMarked;
