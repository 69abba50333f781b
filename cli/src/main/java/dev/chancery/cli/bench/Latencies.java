package dev.chancery.cli.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

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
        return sorted[Math.clamp((int) Math.ceil(share * count) - 1, 0, count - 1)] / 1e6;
    }

    /** p50, p99 and maximum, for a line of a report. */
    String summary() {
        return String.format(
                Locale.ROOT,
                "p50 %.2f ms, p99 %.2f ms, max %.1f ms",
                percentileMillis(0.5),
                percentileMillis(0.99),
                percentileMillis(1));
    }

    /** The same for programs. Without a sample only the count. */
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("count", count());
        if (count() > 0) {
            json.put("p50Millis", percentileMillis(0.5));
            json.put("p99Millis", percentileMillis(0.99));
            json.put("maxMillis", percentileMillis(1));
        }
        return json;
    }
}
