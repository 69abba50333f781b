package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.SourceSignatures;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.log.ServerInStep;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The relay from one start to the next failure: checks, then sends what has moved and, every tick, what was left behind or is asked for
 * again. Any failure ends it.
 */
final class RelaySession implements AutoCloseable {
    /** "one relay at a time", as PostgreSQL keeps it: released when the connection goes, however it goes. */
    private static final long ADVISORY_LOCK = 0x6368_616e_7265_6c61L;
    /** A host that died says no goodbye: without these PostgreSQL would keep its lock for hours. */
    private static final String NOTICE_A_DEAD_HOST =
            "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";

    private final Database database;
    private final RelayOptions options;
    private final LogTable log;
    private final Progress progress;
    private final Publisher publisher;
    private final Republishing republishing;
    private final Connection lock;
    private final Heartbeats heartbeats;
    private final HeadUpdates updates = new HeadUpdates();
    private final HeadCapture capture;
    /** Last positions of the tenants that lagged at the last look. */
    private Map<String, Long> lagging = Map.of();

    private RelaySession(Database database, KafkaClients kafka, RelayOptions options, Connection lock) {
        this.database = database;
        this.options = options;
        this.lock = lock;
        this.log = new LogTable(database);
        this.progress = Progress.load(database);
        this.heartbeats = new Heartbeats(lock, options);
        this.capture = new HeadCapture(database, options, heartbeats.mark(), updates);
        this.publisher = new Publisher(log, progress, kafka, options);
        this.republishing = new Republishing(database, publisher);
    }

    /**
     * Checks everything that must hold before the first record is sent.
     *
     * @return null when another relay runs
     */
    static @Nullable RelaySession open(Database database, KafkaClients kafka, RelayOptions options) {
        Connection lock = lock(database);
        return lock == null ? null : open(database, kafka, options, lock);
    }

    private static RelaySession open(Database database, KafkaClients kafka, RelayOptions options, Connection lock) {
        RelaySession session;
        try {
            session = new RelaySession(database, kafka, options, lock);
        } catch (RuntimeException | Error e) {
            unlock(lock);
            throw e;
        }
        try {
            session.check(kafka);
            return session;
        } catch (RelayRefused e) {
            try {
                ServerInStep.refuse(database);
            } finally {
                session.close();
            }
            throw e;
        } catch (RuntimeException | Error e) {
            session.close();
            throw e;
        }
    }

    private void check(KafkaClients kafka) {
        Reconciliation.checkServer(database);
        new Slot(database, options.slot()).ensure();
        // The engine takes longest to start. It only collects until the session relays.
        capture.start();
        Topic.ensure(database, kafka, options);
        publisher.stop(log.stopped());
        var sources = new SourceSignatures(new VerifierKeys(database, DatabaseRole.RELAY));
        publisher.stop(new Reconciliation(log, progress, options, sources).readTail(kafka));
        ServerInStep.confirm(database);
    }

    /**
     * Relays until {@link #stop} or a failure.
     *
     * @param healthy called once everything that was committed before is sent and the first mark has come back
     */
    void relay(Runnable healthy) throws InterruptedException {
        // What commits from here on is captured; what was committed before is in the table.
        publisher.catchUp(log.lastPositions());
        boolean reported = false;
        long tickNanos = options.tick().toNanos();
        long housekeepingDueNanos = System.nanoTime() + tickNanos;
        while (!updates.hasEnded()) {
            heartbeats.tick();
            HeadUpdates.Taken taken =
                    updates.take(Math.min(housekeepingDueNanos - System.nanoTime(), heartbeats.untilDue()));
            publish(taken);
            if (!reported && taken.markMicros().isPresent()) {
                healthy.run();
                reported = true;
            }
            if (System.nanoTime() - housekeepingDueNanos >= 0) {
                sweep();
                boolean more = republishing.serve();
                progress.save();
                housekeepingDueNanos = System.nanoTime() + (more ? 0 : tickNanos);
            }
        }
        progress.save();
        Throwable failure = capture.failure();
        if (failure != null) {
            throw new IllegalStateException("PostgreSQL's changes can't be captured", failure);
        }
    }

    private void publish(HeadUpdates.Taken taken) {
        publisher.catchUp(taken.lastPositions());
        if (taken.newest() != null) {
            capture.acknowledge(taken.newest());
        }
        taken.markMicros().ifPresent(publisher::sendPulse);
    }

    void stop() {
        updates.end();
    }

    Progress progress() {
        return progress;
    }

    Publisher publisher() {
        return publisher;
    }

    /** Sends what lagged at the last look and lags still: no capture will report it any more. */
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
            capture.close();
        } finally {
            publisher.close();
            unlock(lock);
        }
    }
}
