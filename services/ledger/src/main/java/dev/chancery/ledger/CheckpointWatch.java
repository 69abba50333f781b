package dev.chancery.ledger;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.ledger.LedgerTables.LogLength;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Finds logs that have been longer than their newest checkpoint for too long, whatever the reason: no record came, the tree doesn't grow,
 * nothing is signed. It compares the log's own table with the checkpoints, so it finds after a restart what it found before.
 *
 * <p>A log that grows all the time is not stale as long as what it had is covered in time. It asks for the checkpoint of a log only where
 * records have waited that long, so busy logs cost one query each in the time that is allowed.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> two numbers are kept for each log; a log's staleness is known within {@link #ROUND}.
 */
final class CheckpointWatch implements AutoCloseable {
    static final Duration ROUND = Duration.ofSeconds(5);

    private static final Logger LOG = Logger.getLogger(CheckpointWatch.class);

    private final Database database;
    private final LedgerTables tables = new LedgerTables("ledger");
    private final long allowedNanos;
    private final LongSupplier clock;
    private final Round round = new Round("ledger-checkpoint-watch", ROUND, this::look);

    /** What the log had when somebody looked, and since when that has waited for a checkpoint. */
    private record Waiting(long records, long sinceNanos) {}

    /** What came of the last look. */
    private record Verdict(int staleLogs, double longestSeconds) {}

    private final Map<String, Long> covered = new HashMap<>();
    private final Map<String, Waiting> waiting = new HashMap<>();
    private final Set<String> stale = new HashSet<>();
    private volatile Verdict verdict = new Verdict(0, 0);
    private volatile long lookedAtNanos;

    CheckpointWatch(Database database, Duration allowed) {
        this(database, allowed, System::nanoTime);
    }

    CheckpointWatch(Database database, Duration allowed, LongSupplier clock) {
        this.database = database;
        this.allowedNanos = allowed.toNanos();
        this.clock = clock;
        this.lookedAtNanos = clock.getAsLong();
    }

    /** Begins to look, a round from now: what a stop left unsigned is mostly signed by then. */
    void start() {
        round.start();
    }

    /** One round. */
    synchronized void look() {
        double longest = 0;
        List<LogLength> logs = database.transaction(DatabaseRole.LEDGER, tables::logLengths);
        long now = clock.getAsLong();
        for (LogLength log : logs) {
            longest = Math.max(longest, look(log, now) / 1e9);
        }
        verdict = new Verdict(stale.size(), longest);
        lookedAtNanos = now;
    }

    /** How long a log has been stale, in nanoseconds; 0: it is not. */
    private long look(LogLength log, long now) {
        String tenant = log.tenant();
        if (covered.getOrDefault(tenant, 0L) >= log.records()) {
            waiting.remove(tenant);
            return fresh(tenant);
        }
        Waiting mark = waiting.computeIfAbsent(tenant, first -> new Waiting(log.records(), now));
        // The newest record is this old, so none that waits is younger; that holds after a restart, too.
        long waitedNanos = Math.max(now - mark.sinceNanos(), TimeUnit.MICROSECONDS.toNanos(log.quietMicros()));
        if (waitedNanos < allowedNanos) {
            return fresh(tenant);
        }
        long size =
                database.inTenant(DatabaseRole.LEDGER, tenant, connection -> tables.newestCheckpoint(connection, tenant)
                        .map(SignedHead::size)
                        .orElse(0L));
        covered.put(tenant, size);
        if (size >= mark.records()) {
            waiting.remove(tenant);
            return fresh(tenant);
        }
        if (stale.add(tenant)) {
            LOG.errorf(
                    "log longer than its newest checkpoint; tenant=%s records=%d checkpoint=%d seconds=%d",
                    tenant, log.records(), size, TimeUnit.NANOSECONDS.toSeconds(waitedNanos));
        }
        return waitedNanos;
    }

    private long fresh(String tenant) {
        stale.remove(tenant);
        return 0;
    }

    /** What an operator should look at; tenants are named in the log alone. */
    List<String> warnings() {
        int logs = verdict.staleLogs();
        if (isBlind()) {
            return List.of("ledger: checkpoints can't be compared with their logs");
        }
        return logs == 0 ? List.of() : List.of("ledger: logs with a stale checkpoint: " + logs);
    }

    /** For how long the longest-waiting record has had no checkpoint; 0 while none waits too long, NaN while nobody knows. */
    double staleSeconds() {
        return isBlind() ? Double.NaN : verdict.longestSeconds();
    }

    private boolean isBlind() {
        return clock.getAsLong() - lookedAtNanos > Math.max(allowedNanos, 2 * ROUND.toNanos());
    }

    @Override
    public void close() {
        round.close();
    }
}
