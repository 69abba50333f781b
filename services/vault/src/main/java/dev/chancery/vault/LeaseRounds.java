package dev.chancery.vault;

import dev.chancery.command.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Looks twice a second for leases that are over, and sweeps every database once a minute and at the start. A database that is not heard
 * holds up no other, and is tried again after {@value #RETRY_SECONDS} seconds.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value LeaseList#MAX_DUE} leases a round.
 */
final class LeaseRounds implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(LeaseRounds.class);
    private static final long INTERVAL_MILLIS = 500;
    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(60);
    static final int RETRY_SECONDS = 10;

    private final LeaseList list;
    private final LeaseLog log;
    private final LeaseEnder ender;
    private final Map<Database, Long> restUntil = new ConcurrentHashMap<>();
    private final Set<Database> working = ConcurrentHashMap.newKeySet();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("leases").factory());
    private volatile int overdue;
    private long sweptNanos = System.nanoTime() - SWEEP_NANOS;

    /** A database of an organisation. */
    record Database(String tenant, String name) {}

    LeaseRounds(LeaseList list, LeaseLog log, LeaseEnder ender) {
        this.list = list;
        this.log = log;
        this.ender = ender;
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Leases that are over, and whose roles are not known to be gone: at the last look. */
    int overdue() {
        return overdue;
    }

    private void round() {
        try {
            Map<Database, List<String>> due = list.due(Clock.nowMicros());
            overdue = due.values().stream().mapToInt(List::size).sum();
            restUntil.values().removeIf(until -> until - System.nanoTime() <= 0);
            due.forEach((database, leases) -> work(database, () -> {
                for (String lease : leases) {
                    ender.end(database.tenant(), lease);
                }
            }));
            if (System.nanoTime() - sweptNanos >= SWEEP_NANOS) {
                sweptNanos = System.nanoTime();
                Set<Database> databases = new HashSet<>(list.databases());
                for (Database database : databases) {
                    work(database, () -> sweep(database));
                }
            }
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of leases: cause=%s", e);
        }
    }

    private void sweep(Database database) throws TargetRefused {
        var known = log.database(database.tenant(), database.name());
        if (known.isPresent()) {
            ender.sweep(known.get());
        }
    }

    /** What a round does in one database. */
    @FunctionalInterface
    private interface Step {
        void run() throws TargetRefused;
    }

    private void work(Database database, Step step) {
        if (restUntil.containsKey(database) || clock.isShutdown() || !working.add(database)) {
            return;
        }
        workers.execute(() -> {
            try {
                step.run();
            } catch (TargetRefused e) {
                LOG.warnf(
                        "Leases not ended: tenant=%s database=%s code=%s",
                        database.tenant(), database.name(), e.rejection().code());
                restUntil.put(database, System.nanoTime() + TimeUnit.SECONDS.toNanos(RETRY_SECONDS));
            } catch (RuntimeException e) {
                LOG.warnf("Leases not ended: tenant=%s database=%s cause=%s", database.tenant(), database.name(), e);
                restUntil.put(database, System.nanoTime() + TimeUnit.SECONDS.toNanos(RETRY_SECONDS));
            } finally {
                working.remove(database);
            }
        });
    }

    @Override
    public void close() {
        clock.shutdownNow();
        workers.shutdownNow();
    }
}
