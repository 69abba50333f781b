/**
 * What tests of features share: a real log to append to, and given, when, then for what decides on a stream. The log's own tests, which
 * it depends on nothing for, have their own.
 */
@NullMarked
package dev.chancery.testkit.log;

import org.jspecify.annotations.NullMarked;
