/**
 * The quick start: the application with every role, and a Kafka and a PostgreSQL of its own, in one process group on loopback, out of
 * one data directory. {@link dev.chancery.quickstart.Main} is what {@code ./chancery up} and {@code ./chancery replay} run.
 */
@NullMarked
package dev.chancery.quickstart;

import org.jspecify.annotations.NullMarked;
