package dev.chancery.relay;

import io.debezium.engine.RecordChangeEvent;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * What the capture of heads has reported and the relay has not acted on yet. However much is reported meanwhile, this holds one number
 * a tenant.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class HeadUpdates {
    /**
     * @param lastPositions of the tenants whose head has moved
     * @param markMicros the newest mark that passed by, after all of these
     * @param newest the event that was reported last; null where nothing was reported
     */
    record Taken(
            Map<String, Long> lastPositions,
            OptionalLong markMicros,
            @Nullable RecordChangeEvent<SourceRecord> newest) {}

    private Map<String, Long> lastPositions = new LinkedHashMap<>();
    private OptionalLong markMicros = OptionalLong.empty();
    private @Nullable RecordChangeEvent<SourceRecord> newest;
    private boolean ended;

    synchronized void moved(String tenant, long lastPosition, RecordChangeEvent<SourceRecord> event) {
        lastPositions.merge(tenant, lastPosition, Math::max);
        newest = event;
        notifyAll();
    }

    synchronized void marked(long micros, RecordChangeEvent<SourceRecord> event) {
        markMicros = OptionalLong.of(micros);
        newest = event;
        notifyAll();
    }

    /** Nothing more will come. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    /** Takes all that was reported; waits until something was, until {@link #end}, or until the time is over. */
    synchronized Taken take(long atMostNanos) throws InterruptedException {
        long deadline = System.nanoTime() + atMostNanos;
        long left = atMostNanos;
        while (newest == null && !ended && left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = deadline - System.nanoTime();
        }
        var taken = new Taken(lastPositions, markMicros, newest);
        lastPositions = new LinkedHashMap<>();
        markMicros = OptionalLong.empty();
        newest = null;
        return taken;
    }
}
