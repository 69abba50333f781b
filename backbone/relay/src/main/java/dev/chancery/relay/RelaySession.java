package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The relay from one connection to the next failure: check, then send what has moved, sweep, tend. Any failure ends it. */
final class RelaySession implements AutoCloseable {
    /** "one relay at a time", as PostgreSQL keeps it: released when the connection goes, however it goes. */
    private static final long ADVISORY_LOCK = 0x6368_616e_7265_6c61L;
    /** A host that died says no goodbye: without these PostgreSQL would keep its lock for hours. */
    private static final String NOTICE_A_DEAD_HOST =
            "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";

    private final RelayOptions options;
    private final LogTable log;
    private final Progress progress;
    private final Publisher publisher;
    private final Republishing republishing;
    private final Connection alone;
    private final Heartbeats pulses;
    private final HeadUpdates moves = new HeadUpdates();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final WriteAheadLog writeAheadLog;
    /** Up to here the write-ahead log holds nothing that isn't in Kafka. */
    private volatile long publishedLsn;
    /** Last positions of the tenants that lagged at the last look. */
    private Map<String, Long> lagging = Map.of();

    private RelaySession(
            Database database, RelayOptions options, Progress progress, Publisher publisher, Connection alone) {
        this.options = options;
        this.log = new LogTable(database);
        this.progress = progress;
        this.alone = alone;
        this.publisher = publisher;
        this.republishing = new Republishing(database, publisher);
        this.pulses = new Heartbeats(alone, options);
        this.writeAheadLog = new WriteAheadLog(database, options, pulses.mark(), moves, () -> publishedLsn, ended);
    }

    /**
     * Everything that comes before the first record is sent.
     *
     * @return null when another relay runs
     */
    static @Nullable RelaySession open(Database database, Properties kafka, RelayOptions options) {
        Connection alone = lock(database);
        if (alone == null) {
            return null;
        }
        try {
            Reconciliation.checkServer(database);
            new Slot(database, options.slot()).ensure();
            Topic.ensure(database, kafka, options);
            Progress progress = Progress.load(database);
            var log = new LogTable(database);
            Set<String> held = new HashSet<>(log.forked());
            held.addAll(new Reconciliation(log, progress, options).readTail(kafka));
            Reconciliation.confirm(database);
            return open(database, options, progress, new Publisher(log, progress, kafka, options, held), alone);
        } catch (RelayRefused e) {
            try {
                Reconciliation.refuse(database);
            } finally {
                unlock(alone);
            }
            throw e;
        } catch (RuntimeException | Error e) {
            unlock(alone);
            throw e;
        }
    }

    private static RelaySession open(
            Database database, RelayOptions options, Progress progress, Publisher publisher, Connection alone) {
        try {
            return new RelaySession(database, options, progress, publisher, alone);
        } catch (RuntimeException | Error e) {
            publisher.close();
            throw e;
        }
    }

    /** Relays until {@link #stop} or a failure. */
    void relay(Runnable healthy) throws InterruptedException {
        // The slot is open: what commits from here on will be heard of, and what committed before is in the table.
        writeAheadLog.start();
        publisher.catchUp(log.lastPositions());
        if (ended.getCount() > 0) {
            healthy.run();
        }
        long tickNanos = options.tick().toNanos();
        long tendDueNanos = System.nanoTime() + tickNanos;
        while (ended.getCount() > 0) {
            HeadUpdates.Taken taken = moves.take(Math.min(tendDueNanos - System.nanoTime(), pulses.untilDue()));
            publisher.catchUp(taken.lastPositions());
            publishedLsn = taken.lsn();
            taken.markMicros().ifPresent(publisher::pulse);
            pulses.tick();
            if (System.nanoTime() - tendDueNanos >= 0) {
                sweep();
                boolean more = republishing.serve();
                progress.save();
                tendDueNanos = System.nanoTime() + (more ? 0 : tickNanos);
            }
        }
        progress.save();
        Throwable failure = writeAheadLog.failure();
        if (failure != null) {
            throw new IllegalStateException("the write-ahead log can't be read", failure);
        }
    }

    void stop() {
        ended.countDown();
        moves.end();
    }

    Progress progress() {
        return progress;
    }

    Publisher publisher() {
        return publisher;
    }

    /** Sends what lagged at the last look and lags still: the write-ahead log won't bring it any more. */
    private void sweep() {
        var now = new HashMap<String, Long>();
        log.lastPositions().forEach((tenant, last) -> {
            if (progress.of(tenant) < last) {
                now.put(tenant, last);
            }
        });
        publisher.catchUp(lagging);
        lagging = now;
    }

    private static @Nullable Connection lock(Database database) {
        try {
            Connection connection = database.access().connect(DatabaseRole.RELAY);
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery("SELECT pg_try_advisory_lock(" + ADVISORY_LOCK + ")")) {
                row.next();
                if (row.getBoolean(1)) {
                    statement.execute(NOTICE_A_DEAD_HOST);
                    return connection;
                }
            } catch (SQLException e) {
                unlock(connection);
                throw e;
            }
            unlock(connection);
            return null;
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    private static void unlock(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    @Override
    public void close() {
        try {
            writeAheadLog.close();
        } finally {
            publisher.close();
            unlock(alone);
        }
    }
}
