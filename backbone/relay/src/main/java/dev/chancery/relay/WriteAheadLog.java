package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/**
 * Reads PostgreSQL's write-ahead log through the relay's slot, in the order of commit: which tenant's head has moved, and which marks
 * passed by. It lives until it fails or is closed; whoever runs it makes a new one.
 *
 * <p>The slot lets go of what is known to be in Kafka, and of nothing before.
 */
final class WriteAheadLog implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(WriteAheadLog.class);

    /** How often PostgreSQL is told, unasked, how far this has come. */
    private static final int STATUS_SECONDS = 1;

    private static final Duration STOP = Duration.ofSeconds(20);

    private final Connection connection;
    private final PGReplicationStream stream;
    private final String mark;
    private final HeadUpdates moves;
    private final LongSupplier published;
    private final CountDownLatch ended;
    private final Thread thread;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /**
     * Opens the slot. What committed before is in the table; what commits from here on is read.
     *
     * @param mark the prefix of this run's marks
     * @param published up to where everything is in Kafka
     * @param ended counted down when this has ended
     */
    WriteAheadLog(
            Database database,
            RelayOptions options,
            String mark,
            HeadUpdates moves,
            LongSupplier published,
            CountDownLatch ended) {
        this.mark = mark;
        this.moves = moves;
        this.published = published;
        this.ended = ended;
        try {
            connection = connect(database);
            try {
                stream = open(connection, options.slot());
            } catch (SQLException | RuntimeException e) {
                abort();
                throw e;
            }
        } catch (SQLException e) {
            throw new dev.chancery.database.DatabaseUnavailable(e);
        }
        thread = Thread.ofPlatform().name("chancery-relay-wal").daemon().unstarted(this::run);
    }

    private static Connection connect(Database database) throws SQLException {
        Properties properties = database.access().properties(DatabaseRole.RELAY);
        PGProperty.REPLICATION.set(properties, "database");
        PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
        PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "15");
        return DriverManager.getConnection(database.access().jdbcUrl(), properties);
    }

    private static PGReplicationStream open(Connection connection, String slot) throws SQLException {
        return connection
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .replicationStream()
                .logical()
                .withSlotName(slot)
                .withSlotOption("proto_version", 1)
                .withSlotOption("publication_names", "chancery_log")
                .withSlotOption("messages", true)
                .withStatusInterval(STATUS_SECONDS, TimeUnit.SECONDS)
                .start();
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!closed) {
                ByteBuffer message = stream.read();
                if (message == null) {
                    throw new IllegalStateException("PostgreSQL ended the stream");
                }
                Pgoutput.read(message, mark, moves, stream.getLastReceiveLSN().asLong());
                LogSequenceNumber flushed = LogSequenceNumber.valueOf(published.getAsLong());
                stream.setAppliedLSN(flushed);
                stream.setFlushedLSN(flushed);
            }
        } catch (SQLException | RuntimeException | Error e) {
            if (!closed) {
                failure = e;
            }
        } finally {
            ended.countDown();
            moves.end();
        }
    }

    /** What ended it; null when nothing did, or it was closed. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Ends the connection: a read that waits has no other end. */
    private void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            LOG.debugf("relay: replication connection not closed sqlstate=%s", e.getSQLState());
        }
    }

    @Override
    public void close() {
        closed = true;
        abort();
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(STOP)) {
                LOG.warnf("relay: the reader didn't stop seconds=%d", STOP.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
