package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The relay from one connection to the next failure: check, decode, sweep, tend. Any failure ends it. */
final class Run implements AutoCloseable {
    /** "one relay at a time", as PostgreSQL keeps it: released when the connection goes, however it goes. */
    private static final long ADVISORY_LOCK = 0x6368_616e_7265_6c61L;

    private static final Duration ENGINE_START = Duration.ofSeconds(60);

    private final RelayOptions options;
    private final LogTable log;
    private final Progress progress;
    private final Publisher publisher;
    private final Republishing republishing;
    private final Connection alone;
    private final Engine engine;
    private final CountDownLatch ended = new CountDownLatch(1);
    /** Last positions of the tenants that lagged at the last look. */
    private Map<String, Long> lagging = Map.of();

    private Run(
            Database database,
            Properties kafka,
            RelayOptions options,
            Progress progress,
            Set<String> forked,
            Connection alone) {
        this.options = options;
        this.log = new LogTable(database);
        this.progress = progress;
        this.alone = alone;
        this.publisher = new Publisher(log, progress, kafka, options, forked);
        this.republishing = new Republishing(database, publisher);
        this.engine = new Engine(database, options, publisher::publish, ended);
    }

    /**
     * Everything that comes before the first record is sent.
     *
     * @return null when another relay runs
     */
    static @Nullable Run open(Database database, Properties kafka, RelayOptions options) {
        Connection alone = lock(database);
        if (alone == null) {
            return null;
        }
        try {
            Reconciliation.checkServer(database);
            new Slot(database, options.slot()).ensure();
            Topic.ensure(database, kafka, options);
            Progress progress = Progress.load(database);
            Set<String> forked = new Reconciliation(new LogTable(database), progress, options).readTail(kafka);
            return new Run(database, kafka, options, progress, forked, alone);
        } catch (RuntimeException | Error e) {
            unlock(alone);
            throw e;
        }
    }

    /** Relays until {@link #stop} or a failure. */
    void relay(Runnable healthy) throws InterruptedException {
        engine.start();
        engine.awaitStarted(ENGINE_START);
        log.lastPositions().forEach(publisher::catchUp);
        if (ended.getCount() > 0) {
            healthy.run();
        }
        while (!ended.await(options.tick().toMillis(), TimeUnit.MILLISECONDS)) {
            checkAlone();
            sweep();
            republishing.serve();
        }
        Throwable failure = engine.failure();
        if (failure != null) {
            throw new IllegalStateException("the engine ended", failure);
        }
    }

    void stop() {
        ended.countDown();
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
        lagging.forEach(publisher::catchUp);
        lagging = now;
    }

    private void checkAlone() {
        try (var statement = alone.createStatement()) {
            statement.execute("SELECT 1");
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    private static @Nullable Connection lock(Database database) {
        try {
            Connection connection = DriverManager.getConnection(
                    database.jdbcUrl(), DatabaseRole.RELAY.roleName(), database.passwordOf(DatabaseRole.RELAY));
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery("SELECT pg_try_advisory_lock(" + ADVISORY_LOCK + ")")) {
                row.next();
                if (row.getBoolean(1)) {
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
            engine.close();
        } finally {
            publisher.close();
            unlock(alone);
        }
    }
}
