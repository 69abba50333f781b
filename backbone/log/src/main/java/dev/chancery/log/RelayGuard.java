package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Rejection;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Refuses appends while the relay is so far behind that PostgreSQL might soon have to drop write-ahead log that the relay has not
 * read, or already has. Looks every second; the limit lies well below {@code max_slot_wal_keep_size}.
 *
 * <p>Without the slot nothing is held back and nothing is refused: when the relay makes it, it sends from the table what Kafka
 * has not got.
 */
public final class RelayGuard implements Gate, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(RelayGuard.class);
    private static final long INTERVAL_MILLIS = 1_000;

    private final Database database;
    private final DatabaseRole role;
    private final String slot;
    private final long maxRetainedBytes;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("relay-guard").factory());
    private volatile boolean behind;
    private volatile long retainedBytes;

    /**
     * @param role any role that may sign in; the slots are for all to see
     * @param slot the relay's replication slot
     * @param maxRetainedBytes write-ahead log that the slot may hold back before appends are refused
     */
    public RelayGuard(Database database, DatabaseRole role, String slot, long maxRetainedBytes) {
        this.database = database;
        this.role = role;
        this.slot = slot;
        this.maxRetainedBytes = maxRetainedBytes;
        var _ = clock.scheduleWithFixedDelay(this::look, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public Optional<Rejection> refusal() {
        return behind ? Optional.of(LogRejection.RELAY_BEHIND) : Optional.empty();
    }

    /** Write-ahead log that the relay's slot holds back, as last seen; the largest number when PostgreSQL has dropped some of it. */
    public long retainedBytes() {
        return retainedBytes;
    }

    private void look() {
        try {
            long retained = database.transaction(role, connection -> {
                try (var query = connection.prepareStatement(
                        "SELECT CASE wal_status WHEN 'lost' THEN ? ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END"
                                + " FROM pg_replication_slots WHERE slot_name = ?")) {
                    query.setLong(1, Long.MAX_VALUE);
                    query.setString(2, slot);
                    try (var row = query.executeQuery()) {
                        return row.next() ? row.getLong(1) : 0L;
                    }
                }
            });
            retainedBytes = retained;
            boolean now = retained > maxRetainedBytes;
            if (now != behind) {
                LOG.warnf("Relay guard: refusing=%s retained_bytes=%d limit_bytes=%d", now, retained, maxRetainedBytes);
            }
            behind = now;
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it. Append fails by itself while PostgreSQL is away.
            LOG.warnf("Relay guard could not look: cause=%s", e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
