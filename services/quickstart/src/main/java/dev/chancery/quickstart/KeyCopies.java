package dev.chancery.quickstart;

import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.age.AgeRecipient;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a copy of an instance's {@linkplain KeyTables keys} up to date in a file elsewhere, encrypted, while the instance runs: so little is lost
 * of what was sealed since its last backup. The file is replaced as a whole, so that it has no key that was destroyed.
 *
 * <p>It looks every {@value #LOOK_MILLIS} ms, and rests {@value #REST} times as long as the last copy took: a fifth of a core at most goes into it. What is newer
 * than the file is lost with the instance's directory; a restore says what that is.
 *
 * <p>That keys are copied, and for whom, is in the installation's log once for each start, before the first copy.
 */
final class KeyCopies implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(KeyCopies.class);

    private static final long LOOK_MILLIS = 1_000;
    private static final int REST = 4;
    /** How long the first copy may take: the outcome of its record. */
    private static final long LIMIT_SECONDS = 3_600;

    private static final long STOP_SECONDS = 10;

    private final Optional<Path> file;
    private final List<AgeRecipient> recipients;
    private final String instanceId;
    private final Sealer sealer;
    private final int port;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("key-copies").factory());

    private @Nullable Connection superuser;
    private String copied = "";
    private volatile Instant asOf = Instant.EPOCH;
    private volatile boolean failing;

    private KeyCopies(Optional<Path> file, List<AgeRecipient> recipients, DataDirectory data, int port) {
        this.file = file;
        this.recipients = recipients;
        this.instanceId = data.instanceId();
        this.sealer = data.sealer();
        this.port = port;
    }

    /** As {@code --keys-to} and {@code --recipient} say; without them there is nothing to do. */
    static KeyCopies of(Options options, DataDirectory data, Servers servers) {
        Optional<Path> file =
                options.path("--keys-to").map(path -> path.toAbsolutePath().normalize());
        if (file.filter(path -> path.startsWith(data.directory())).isPresent()) {
            throw new Unusable(
                    "a copy in the directory that it is of is lost with it; name another file with --keys-to");
        }
        return new KeyCopies(file, Backup.recipients(options), data, servers.postgresPort());
    }

    /**
     * Makes the first copy and goes on from there. The installation's log is there already.
     *
     * @throws Unusable if it can't be recorded or made: an instance whose keys are to be copied does not serve without
     */
    void start(Database database) {
        if (file.isEmpty()) {
            return;
        }
        try (var record = new InstanceRecord(
                InstanceRecord.Act.BACKUP,
                database,
                instanceId,
                sealer,
                Backup.reasons("of the keys, whenever there is something new", recipients),
                LIMIT_SECONDS)) {
            try {
                copy();
            } catch (IOException e) {
                record.end(false);
                throw new Unusable("the keys can't be copied to " + file.get() + ": " + DataDirectory.reason(e));
            } catch (SQLException e) {
                record.end(false);
                throw new Unusable("the keys can't be copied: PostgreSQL refuses, SQLSTATE " + e.getSQLState());
            }
            record.end(true);
        }
        again(LOOK_MILLIS);
    }

    private void again(long laterMillis) {
        var _ = clock.schedule(this::look, laterMillis, TimeUnit.MILLISECONDS);
    }

    private void look() {
        long begun = System.nanoTime();
        try {
            if (copy()) {
                LOG.debugf("Keys copied millis=%d", millisSince(begun));
            }
            if (failing) {
                LOG.warn("Keys are copied again");
            }
            failing = false;
        } catch (IOException | SQLException | RuntimeException e) {
            if (!failing) {
                LOG.warnf("Keys are not copied: cause=%s", e.getMessage());
            }
            failing = true;
            disconnect();
        } finally {
            if (!clock.isShutdown()) {
                again(Math.max(LOOK_MILLIS, REST * millisSince(begun)));
            }
        }
    }

    private static long millisSince(long begunNanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos);
    }

    /** Copies them unless the file has all there is; answers whether it did. */
    private boolean copy() throws IOException, SQLException {
        Connection connection = superuser;
        if (connection == null) {
            connection = EmbeddedPostgres.superuser(port, sealer.derive("postgres/superuser"), Servers.DATABASE);
            superuser = connection;
        }
        Connection reading = connection;
        Instant now = Instant.now();
        // Before the keys are read: what comes meanwhile is found next time.
        String mark = KeyTables.mark(reading);
        boolean isNew = !mark.equals(copied);
        if (isNew) {
            BackupFile.replace(
                    file.orElseThrow(),
                    recipients,
                    BackupFile.signer(sealer, instanceId),
                    writer -> KeyTables.write(reading, instanceId, writer));
            copied = mark;
        }
        asOf = now;
        return isNew;
    }

    private void disconnect() {
        Connection connection = superuser;
        superuser = null;
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException e) {
                LOG.debugf("A connection was gone already: cause=%s", e.getSQLState());
            }
        }
    }

    /** What an operator should look at. */
    List<String> warnings() {
        return failing
                ? List.of("the keys are not copied since " + asOf.truncatedTo(ChronoUnit.SECONDS)
                        + ": what is sealed now is lost with the data directory; the log says why")
                : List.of();
    }

    /** Copies what is new once more, if it can. */
    @Override
    public void close() {
        clock.shutdownNow();
        if (copied.isEmpty()) {
            return;
        }
        try {
            if (clock.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                copy();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | SQLException | RuntimeException e) {
            LOG.warnf("Keys are not copied: cause=%s", e.getMessage());
        }
        disconnect();
    }
}
