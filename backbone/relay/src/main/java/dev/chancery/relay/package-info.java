/**
 * Moves the rows of {@code log.record} to the topic {@code log.v1}: Debezium wakes the relay when a head moves, the table is
 * the truth, and positions decide what is sent.
 *
 * <p>Promises: every record reaches the topic, each tenant's in one partition and in order of position; progress is stored after
 * Kafka has acknowledged; a start or a reconnect loses nothing and finds out what Kafka already has. A record may be there twice,
 * with the same bytes, and after a failed send one may follow a later one: consumers apply exactly last + 1.
 *
 * <p>Does not reconcile: where Kafka has records that PostgreSQL hasn't, or PostgreSQL is another server than before, it refuses
 * to start. Does not judge signatures. One relay runs at a time; a second waits.
 */
@NullMarked
package dev.chancery.relay;

import org.jspecify.annotations.NullMarked;
