package dev.chancery.projection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One tenant's place in its log, as the thread that applies its records knows it.
 *
 * <p>The rule: a record at {@code last + 1} is applied. One at or below {@code last} is a repetition and changes nothing. One above
 * {@code last + 1} is ahead of a gap and is dropped. A gap means that Kafka has lost records, since the relay sends each tenant's
 * records in order.
 *
 * <p>A tenant that dropped a record <em>waits</em> until it has applied the highest position that it dropped. Meanwhile it asks the
 * relay, which sends {@code last + 1} and everything after it again, so what was dropped comes again behind what was missing. It asks
 * near the end of the partition, since the records may have been sent again already, and asks again, with growing pauses, for as long
 * as nothing arrives.
 *
 * <p>No dropped record is forgotten: a restart reads the partition from {@link #resumeOffset}, and that passes a dropped record only
 * when the request for it is committed. The relay deletes a request only after it has sent everything up to what Kafka has by then.
 */
final class TenantProgress {
    /** Records to commit in one transaction: a dense run that begins at {@code last + 1}, and repetitions. */
    record Chunk(List<LogRecord> run, List<LogRecord> repeated) {}

    private static final long NONE = Long.MAX_VALUE;

    final String tenant;
    final int partition;
    private long last;
    private boolean stopped;
    private long firstDropped = NONE;
    private long highestDropped = -1;
    /** Lowest offset of a record that was dropped since the relay was asked last. */
    private long unrequestedOffset = NONE;

    private List<LogRecord> failed = List.of();
    private Duration pause = Duration.ZERO;
    private long retryAtNanos;

    /** @param last the last position applied and committed; -1 for none */
    TenantProgress(String tenant, int partition, long last, boolean stopped) {
        this.tenant = tenant;
        this.partition = partition;
        this.last = last;
        this.stopped = stopped;
    }

    long last() {
        return last;
    }

    void advance(long to) {
        last = to;
    }

    /** Splits records, in the order in which they came, by the rule above. No part of a chunk has more than {@code maxRun}. */
    List<Chunk> inTurn(List<LogRecord> records, int maxRun) {
        var chunks = new ArrayList<Chunk>();
        var run = new ArrayList<LogRecord>();
        var repeated = new ArrayList<LogRecord>();
        long next = last + 1;
        for (LogRecord record : records) {
            if (record.position() == next) {
                run.add(record);
                next++;
            } else if (record.position() < next) {
                repeated.add(record);
            } else {
                drop(record);
            }
            if (run.size() == maxRun || repeated.size() == maxRun) {
                chunks.add(new Chunk(List.copyOf(run), List.copyOf(repeated)));
                run.clear();
                repeated.clear();
            }
        }
        if (!run.isEmpty() || !repeated.isEmpty()) {
            chunks.add(new Chunk(run, repeated));
        }
        return chunks;
    }

    /** Leaves a record to be sent again. One that was applied already isn't missed. */
    void drop(LogRecord record) {
        if (record.position() > last) {
            firstDropped = Math.min(firstDropped, record.position());
            highestDropped = Math.max(highestDropped, record.position());
            unrequestedOffset = Math.min(unrequestedOffset, record.offset());
        }
    }

    boolean isWaiting() {
        return !stopped && (highestDropped > last || isRetrying());
    }

    /** The first position that is missing. */
    long missingFrom() {
        return last + 1;
    }

    /** The last position that is known to be missing. */
    long missingTo() {
        return Math.max(last + 1, firstDropped - 1);
    }

    /** The request for everything from {@link #missingFrom} on is committed. */
    void requested() {
        unrequestedOffset = NONE;
    }

    boolean hasUnrequested() {
        return highestDropped > last && unrequestedOffset != NONE;
    }

    /** Keeps records whose apply failed, to be tried again. */
    void keepFailed(List<LogRecord> records) {
        failed = List.copyOf(records);
    }

    List<LogRecord> failed() {
        return failed;
    }

    boolean isRetrying() {
        return !failed.isEmpty();
    }

    /** A restart must read from here on; {@link Long#MAX_VALUE} when it needs nothing that was read. */
    long resumeOffset() {
        long offset = hasUnrequested() ? unrequestedOffset : NONE;
        for (LogRecord record : failed) {
            offset = Math.min(offset, record.offset());
        }
        return offset;
    }

    /** Forgets what it waited for, once all of that was applied. */
    void settle() {
        firstDropped = NONE;
        highestDropped = -1;
        unrequestedOffset = NONE;
        failed = List.of();
        pause = Duration.ZERO;
    }

    boolean isStopped() {
        return stopped;
    }

    void stop() {
        settle();
        stopped = true;
    }

    /** Whether the next attempt may be made. */
    boolean isDue() {
        return pause.isZero() || System.nanoTime() - retryAtNanos >= 0;
    }

    /** Puts the next attempt off, for twice as long as the last time. */
    void backOff(Duration min, Duration max) {
        Duration doubled = pause.isZero() ? min : pause.multipliedBy(2);
        pause = doubled.compareTo(max) < 0 ? doubled : max;
        retryAtNanos = System.nanoTime() + pause.toNanos();
    }

    /** Records arrive: the next attempt comes when they have ceased to for a moment. */
    void backOffAnew(Duration min, Duration max) {
        pause = Duration.ZERO;
        backOff(min, max);
    }

    Duration pause() {
        return pause;
    }
}
