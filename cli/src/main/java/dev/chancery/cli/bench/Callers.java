package dev.chancery.cli.bench;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/** Callers that each repeat a call until they are stopped: as fast as answers come, or on a schedule. */
final class Callers implements AutoCloseable {
    /** One call. */
    @FunctionalInterface
    interface Call {
        void send() throws Refused, Unreachable;
    }

    private final List<Thread> threads = new ArrayList<>();
    private final Latencies latencies = new Latencies();
    private final Map<String, AtomicLong> refusals = new ConcurrentHashMap<>();
    private volatile boolean measuring;
    private volatile boolean stopped;

    /**
     * Starts them.
     *
     * @param rate calls a second of all callers together; 0: as fast as answers come
     * @param calls what the caller of a number sends
     */
    static Callers start(int count, int rate, IntFunction<Call> calls) {
        var callers = new Callers();
        long intervalNanos = rate == 0 ? 0 : 1_000_000_000L * count / rate;
        long startNanos = System.nanoTime();
        for (int i = 0; i < count; i++) {
            Call call = calls.apply(i);
            long firstNanos = startNanos + intervalNanos * i / count;
            callers.threads.add(Thread.ofVirtual().start(() -> callers.repeat(call, firstNanos, intervalNanos)));
        }
        return callers;
    }

    private void repeat(Call call, long firstNanos, long intervalNanos) {
        long dueNanos = firstNanos;
        while (!stopped) {
            long begunNanos = System.nanoTime();
            if (intervalNanos > 0) {
                pauseNanos(dueNanos - begunNanos);
                // From when it was due: a late answer delays the next call, and that wait counts.
                begunNanos = dueNanos;
                dueNanos += intervalNanos;
            }
            try {
                call.send();
                if (measuring) {
                    latencies.add(System.nanoTime() - begunNanos);
                }
            } catch (Refused e) {
                refused(e.code());
            } catch (Unreachable e) {
                refused("unreachable");
            }
        }
    }

    /** Counts a call that failed. */
    void refused(String code) {
        refusals.computeIfAbsent(code, first -> new AtomicLong()).incrementAndGet();
    }

    /** From now on, calls count; or no longer. */
    void measure(boolean on) {
        measuring = on;
    }

    boolean isMeasuring() {
        return measuring;
    }

    boolean isStopped() {
        return stopped;
    }

    Latencies latencies() {
        return latencies;
    }

    /** How many calls failed by code, those of the warm-up included. */
    Map<String, Long> refusals() {
        Map<String, Long> counts = new TreeMap<>();
        refusals.forEach((code, count) -> counts.put(code, count.get()));
        return counts;
    }

    /** Waits at most this long; returns at once when it is not positive. */
    static void pauseNanos(long nanos) {
        if (nanos > 0) {
            try {
                Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Stops them, and waits for the answers of calls that were sent. */
    @Override
    public void close() throws InterruptedException {
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
