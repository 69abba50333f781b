package dev.chancery.cli.bench;

import java.util.Arrays;

/** Durations of calls, kept one by one: percentiles are exact. Not for more than a few million. */
final class Latencies {
    private long[] nanos = new long[1 << 16];
    private int count;

    synchronized void add(long durationNanos) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, count * 2);
        }
        nanos[count++] = durationNanos;
    }

    synchronized int count() {
        return count;
    }

    /** The duration that a share of the calls did not exceed, in milliseconds. */
    synchronized double percentileMillis(double share) {
        if (count == 0) {
            return Double.NaN;
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return sorted[Math.min(count - 1, (int) Math.ceil(share * count) - 1)] / 1e6;
    }

    /** p50, p99 and maximum, for a line of a report. */
    String summary() {
        return "p50 %.1f ms, p99 %.1f ms, max %.1f ms"
                .formatted(percentileMillis(0.5), percentileMillis(0.99), percentileMillis(1));
    }
}
