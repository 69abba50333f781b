/**
 * The log: one gapless, signed, append-only sequence of records for each tenant, and the only SQL that writes it.
 *
 * <p>{@link dev.chancery.log.Appender} puts records at the end, {@link dev.chancery.log.Streams} reads the events of one
 * stream, {@link dev.chancery.log.Reaper} ends intents that nobody ended.
 *
 * <p><b>Promises.</b> A record that was answered as appended is durable, and at the position that was answered. Positions are dense
 * and in commit order. What a command rested on (its basis) was still so when its outcome was written. An intent has one outcome. One
 * idempotency key has one effect.
 *
 * <p><b>Does not promise.</b> That Kafka has the record yet: the relay sees to that. That a reader of another tenant's log sees anything.
 */
@NullMarked
package dev.chancery.log;

import org.jspecify.annotations.NullMarked;
