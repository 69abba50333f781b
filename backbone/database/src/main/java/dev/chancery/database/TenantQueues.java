package dev.chancery.database;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.ToLongFunction;

/**
 * Work for tenants that is done in groups: while one group of a tenant is at work, what arrives for the same tenant waits in its queue
 * and goes together next. A caller alone neither waits nor hands over to another thread; many share a transaction, its round trip and
 * its flush to disk.
 *
 * <p>A group begins after each of its items arrived, so whoever reads through a queue sees what was committed before it asked.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> as given; one group a tenant at a time. The first caller works on its own thread, for
 * its own group only, unless it is interrupted already; the groups that gather meanwhile get a virtual thread.
 *
 * @param <T> what is asked for
 * @param <R> what comes of it
 */
public final class TenantQueues<T, R> implements AutoCloseable {
    private static final long CLOSE_MILLIS = 10_000;

    /** Does a group's work. */
    @FunctionalInterface
    public interface Work<T, R> {
        /** A result for each item, in order; what it throws is thrown to each of the group's callers. */
        List<R> run(String tenant, List<T> group);
    }

    private record Waiting<T, R>(T item, CompletableFuture<R> result) {}

    private final int maxGroup;
    private final long maxBytes;
    private final ToLongFunction<T> bytes;
    private final Work<T, R> work;
    private final Map<String, Deque<Waiting<T, R>>> queues = new HashMap<>();
    private boolean closed;

    /**
     * @param maxGroup items in a group
     * @param maxBytes bytes in a group, or one item that is larger
     * @param bytes an item's size
     */
    public TenantQueues(int maxGroup, long maxBytes, ToLongFunction<T> bytes, Work<T, R> work) {
        this.maxGroup = maxGroup;
        this.maxBytes = maxBytes;
        this.bytes = bytes;
        this.work = work;
    }

    /** TenantQueues for items whose size is of no account. */
    public TenantQueues(int maxGroup, Work<T, R> work) {
        this(maxGroup, 0, item -> 0, work);
    }

    /** Waits for what comes of an item. */
    public R run(String tenant, T item) {
        return run(tenant, item, Integer.MAX_VALUE)
                .orElseThrow(() -> new IllegalStateException("closed, or more waiting than there are threads"));
    }

    /**
     * Waits for what comes of an item.
     *
     * @param maxWaiting items of the tenant that may wait before this one
     * @return empty: not taken, since more are waiting, or this was closed
     */
    public Optional<R> run(String tenant, T item, int maxWaiting) {
        var waiting = new Waiting<T, R>(item, new CompletableFuture<>());
        switch (enter(tenant, waiting, maxWaiting)) {
            case REFUSED -> {
                return Optional.empty();
            }
            case QUEUED -> {}
            case FIRST -> lead(tenant);
        }
        try {
            return Optional.of(waiting.result().join());
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private enum Entered {
        REFUSED,
        QUEUED,
        /** Nobody works for this tenant: whoever came does. */
        FIRST
    }

    private Entered enter(String tenant, Waiting<T, R> waiting, int maxWaiting) {
        synchronized (queues) {
            Deque<Waiting<T, R>> queue = queues.get(tenant);
            if (closed || (queue != null && queue.size() >= maxWaiting)) {
                return Entered.REFUSED;
            }
            if (queue == null) {
                queues.put(tenant, new ArrayDeque<>(List.of(waiting)));
                return Entered.FIRST;
            }
            queue.add(waiting);
            return Entered.QUEUED;
        }
    }

    /** Does the group of the caller that found nobody at work, and leaves to another thread what arrived meanwhile. */
    private void lead(String tenant) {
        // What an interrupted virtual thread does with a socket closes it.
        if (!Thread.currentThread().isInterrupted()) {
            work(tenant, next(tenant));
            if (endIfEmpty(tenant)) {
                return;
            }
        }
        Thread.startVirtualThread(() -> drain(tenant));
    }

    /** Does a tenant's work, group after group, until none waits. One such loop runs for a tenant at a time. */
    private void drain(String tenant) {
        do {
            work(tenant, next(tenant));
        } while (!endIfEmpty(tenant));
    }

    private void work(String tenant, List<Waiting<T, R>> group) {
        try {
            List<R> results = work.run(tenant, group.stream().map(Waiting::item).toList());
            for (int i = 0; i < group.size(); i++) {
                group.get(i).result().complete(results.get(i));
            }
        } catch (RuntimeException | Error e) {
            // Every caller must be answered, and the queue go on.
            group.forEach(waiting -> waiting.result().completeExceptionally(e));
        }
    }

    private boolean endIfEmpty(String tenant) {
        synchronized (queues) {
            Deque<Waiting<T, R>> queue = queues.get(tenant);
            if (queue != null && !queue.isEmpty()) {
                return false;
            }
            queues.remove(tenant);
            queues.notifyAll();
            return true;
        }
    }

    private List<Waiting<T, R>> next(String tenant) {
        synchronized (queues) {
            Deque<Waiting<T, R>> queue = queues.get(tenant);
            List<Waiting<T, R>> group = new ArrayList<>();
            long total = 0;
            while (queue != null && !queue.isEmpty() && group.size() < maxGroup) {
                total += bytes.applyAsLong(queue.getFirst().item());
                if (total > maxBytes && !group.isEmpty()) {
                    break;
                }
                group.add(queue.removeFirst());
            }
            return group;
        }
    }

    /** Items of a tenant that no group has taken up yet. */
    int waiting(String tenant) {
        synchronized (queues) {
            Deque<Waiting<T, R>> queue = queues.get(tenant);
            return queue == null ? 0 : queue.size();
        }
    }

    public boolean isClosed() {
        synchronized (queues) {
            return closed;
        }
    }

    /** Takes no more and waits for what is under way, at most ten seconds. */
    @Override
    public void close() {
        long end = System.nanoTime() + CLOSE_MILLIS * 1_000_000;
        synchronized (queues) {
            closed = true;
            try {
                for (long left = CLOSE_MILLIS;
                        !queues.isEmpty() && left > 0;
                        left = (end - System.nanoTime()) / 1_000_000) {
                    queues.wait(left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
