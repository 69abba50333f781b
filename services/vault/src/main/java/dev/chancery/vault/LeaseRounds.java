package dev.chancery.vault;

import dev.chancery.command.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Looks four times a second for leases that are over, and sweeps every database once a minute and at the start. A database that is not heard, or
 * that keeps a role, holds up no other, and is tried again after {@value #RETRY_SECONDS} seconds.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value LeaseList#MAX_DUE} leases of a database in a round.
 */
final class LeaseRounds implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(LeaseRounds.class);
    private static final long INTERVAL_MILLIS = 250;
    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(60);
    static final int RETRY_SECONDS = 10;

    private final LeaseList list;
    private final VaultLog log;
    private final LeaseEnder ender;
    /** Databases whose sweep is due. */
    private final Set<Database> unswept = ConcurrentHashMap.newKeySet();

    private final Map<Database, Long> restUntil = new ConcurrentHashMap<>();
    private final Set<Database> working = ConcurrentHashMap.newKeySet();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("leases").factory());
    private volatile int overdue;
    private long sweptNanos = System.nanoTime() - SWEEP_NANOS;

    /** A database of an organisation. */
    record Database(String tenant, String name) {}

    LeaseRounds(LeaseList list, VaultLog log, LeaseEnder ender) {
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
            if (System.nanoTime() - sweptNanos >= SWEEP_NANOS) {
                sweptNanos = System.nanoTime();
                unswept.addAll(list.databases());
            }
            Set<Database> databases = new HashSet<>(due.keySet());
            databases.addAll(unswept);
            for (Database database : databases) {
                work(database, due.getOrDefault(database, List.of()));
            }
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of leases: cause=%s", e);
        }
    }

    private void work(Database database, List<String> due) {
        if (restUntil.containsKey(database) || clock.isShutdown() || !working.add(database)) {
            return;
        }
        workers.execute(() -> {
            try {
                end(database, due);
                if (unswept.contains(database)) {
                    sweep(database);
                    unswept.remove(database);
                }
            } catch (TargetRefused e) {
                rest(database, e.rejection().code());
            } catch (RuntimeException e) {
                rest(database, e.toString());
            } finally {
                working.remove(database);
            }
        });
    }

    private void end(Database database, List<String> due) throws TargetRefused {
        try {
            ender.end(database.tenant(), database.name(), due);
        } catch (TargetRefused e) {
            if (!e.isOfOneRole()) {
                throw e;
            }
            rest(database, e.rejection().code());
        }
    }

    private void rest(Database database, String cause) {
        LOG.warnf(
                "Leases not ended: tenant=%s stream=%s cause=%s",
                database.tenant(), Names.database(database.name()).value(), cause);
        restUntil.put(database, System.nanoTime() + TimeUnit.SECONDS.toNanos(RETRY_SECONDS));
    }

    private void sweep(Database database) throws TargetRefused {
        Optional<Targets.Known> known = log.database(database.tenant(), database.name());
        if (known.isPresent()) {
            ender.sweep(known.get());
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        workers.shutdownNow();
    }
}
