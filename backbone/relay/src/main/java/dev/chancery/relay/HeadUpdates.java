package dev.chancery.relay;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * What the write-ahead log has said and nobody has acted on yet. However much it says meanwhile, this holds one number a tenant.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class HeadUpdates {
    /**
     * @param lastPositions of the tenants whose head has moved
     * @param markMicros the newest mark that passed by, after all of these
     * @param lsn where in the write-ahead log this ends
     */
    record Taken(Map<String, Long> lastPositions, OptionalLong markMicros, long lsn) {}

    private Map<String, Long> lastPositions = new LinkedHashMap<>();
    private OptionalLong markMicros = OptionalLong.empty();
    private long lsn;
    private boolean ended;

    synchronized void moved(String tenant, long lastPosition, long at) {
        lastPositions.merge(tenant, lastPosition, Math::max);
        lsn = at;
        notifyAll();
    }

    synchronized void marked(long micros, long at) {
        markMicros = OptionalLong.of(micros);
        lsn = at;
        notifyAll();
    }

    synchronized void passed(long at) {
        lsn = at;
    }

    /** Nothing more will come. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Takes all that was said; waits until something was, {@link #end}, or until the time is over. */
    synchronized Taken take(long atMostNanos) throws InterruptedException {
        long deadline = System.nanoTime() + atMostNanos;
        long left = atMostNanos;
        while (lastPositions.isEmpty() && markMicros.isEmpty() && !ended && left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = deadline - System.nanoTime();
        }
        var taken = new Taken(lastPositions, markMicros, lsn);
        lastPositions = new LinkedHashMap<>();
        markMicros = OptionalLong.empty();
        return taken;
    }
}
