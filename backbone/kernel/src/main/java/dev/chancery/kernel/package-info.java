/**
 * The words that everything else is written in: streams and versions, principals, deciders, rejections. Java only: no clock, no
 * randomness, no I/O, so that what a feature decides can be tested as given events, when command, then events.
 */
@NullMarked
package dev.chancery.kernel;

import org.jspecify.annotations.NullMarked;
