package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.DISK_FULL;
import static dev.chancery.embedded.ServerNotStarted.Reason.FAILED;
import static dev.chancery.embedded.ServerNotStarted.Reason.PORT_IN_USE;
import static dev.chancery.embedded.ServerNotStarted.Reason.WRONG_PASSWORD;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL of our own on a directory that outlives it: durable, on the loopback only, a password for every role. A start on
 * a directory whose last server was killed, or whose last owner was (so that the server runs on as an orphan), ends the orphan
 * and recovers.
 *
 * <p><b>Not promised:</b> {@link #close} is the owner's to call, there is no shutdown hook; on macOS a terminal's Ctrl-C reaches
 * the server together with its owner.
 *
 * <p><b>Thread safety:</b> safe; starting, killing and stopping wait for each other. <b>Limits:</b> {@link #START_LIMIT} to
 * start, recovery included, {@link #STOP_LIMIT} to stop before it is killed.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    public static final Duration START_LIMIT = Duration.ofMinutes(2);
    public static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(20);
    private static final int FREE_PORT_ATTEMPTS = 5;
    private static final int STATUS_LINE = 7;
    private static final int CONNECT_SECONDS = 10;
    private static final int SOCKET_SECONDS = 60;
    private static final Logger LOG = Logger.getLogger(EmbeddedPostgres.class);

    private final ReentrantLock changes = new ReentrantLock();
    private final DirectoryLock lock;
    private final PostgresDirectory directory;
    private final String superuserPassword;
    private final @Nullable ServerTls tls;
    private volatile int port;
    private volatile @Nullable Process postmaster;
    private volatile @Nullable Supervisor supervisor;
    private volatile boolean closed;

    private EmbeddedPostgres(
            DirectoryLock lock,
            PostgresDirectory directory,
            int port,
            String superuserPassword,
            @Nullable ServerTls tls) {
        this.lock = lock;
        this.directory = directory;
        this.port = port;
        this.superuserPassword = superuserPassword;
        this.tls = tls;
    }

    /**
     * Refuses a damaged directory before anything starts beside it; {@link #start} does so too.
     *
     * @throws ServerNotStarted if the directory holds files and is no PostgreSQL data directory
     */
    public static void requireIntact(Path directory) {
        PostgresDirectory.requireIntact(directory);
    }

    /** As the other, without TLS. */
    public static EmbeddedPostgres start(Path directory, int port, String superuserPassword) {
        return start(directory, port, superuserPassword, null);
    }

    /**
     * Starts the server, and makes its cluster on the first start.
     *
     * @param port 0 for a free one, which the object then keeps
     * @param superuserPassword given to the role {@code postgres} on the first start, and asked for at every later one
     * @param tls asks every role but the superuser for a certificate whose common name is the role's; null: no TLS
     * @throws ServerNotStarted with the reason; nothing is left running and the directory is free again
     */
    public static EmbeddedPostgres start(Path directory, int port, String superuserPassword, @Nullable ServerTls tls) {
        if (superuserPassword.isEmpty() || !superuserPassword.matches("\\P{Cntrl}+")) {
            throw new IllegalArgumentException("the superuser's password is one line, and not empty");
        }
        var programs = new PostgresPrograms(PostgresArchive.unpacked());
        DirectoryLock lock = DirectoryLock.take(directory);
        try {
            var layout = new PostgresDirectory(directory, programs);
            layout.prepare(superuserPassword);
            var server = new EmbeddedPostgres(lock, layout, port, superuserPassword, tls);
            server.launchOnPort();
            return server;
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    private void launchOnPort() {
        if (port != 0) {
            launch();
            return;
        }
        for (int attempt = 1; ; attempt++) {
            port = Ports.free();
            try {
                launch();
                return;
            } catch (ServerNotStarted e) {
                // Somebody took the port between our look and PostgreSQL's bind.
                if (e.reason() != PORT_IN_USE || attempt == FREE_PORT_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void launch() {
        long startedNanos = System.nanoTime();
        directory.stopOrphan();
        long logOffset = logSize();
        var settings = PostgresSettings.on(port, tls);
        Process process = directory.launch(settings, tls);
        postmaster = process;
        try {
            awaitReady(process, startedNanos, logOffset);
            try (Connection connection = superuser("postgres")) {
                PostgresSettings.verify(connection, settings);
            }
        } catch (SQLException e) {
            stop(process);
            throw "28P01".equals(e.getSQLState())
                    ? new ServerNotStarted(
                            WRONG_PASSWORD,
                            "the directory's PostgreSQL has another superuser password than the one given",
                            e)
                    : new ServerNotStarted(FAILED, "PostgreSQL started but cannot be used", e);
        } catch (RuntimeException | Error e) {
            stop(process);
            throw e;
        }
        LOG.debugf(
                "postgres-started port=%d pid=%d millis=%d",
                (Object) port, process.pid(), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));
    }

    private void awaitReady(Process process, long startedNanos, long logOffset) {
        String pid = Long.toString(process.pid());
        while (true) {
            List<String> lines = directory.processes().pidFile();
            if (lines.size() > STATUS_LINE
                    && lines.getFirst().strip().equals(pid)
                    && lines.get(STATUS_LINE).strip().equals("ready")) {
                return;
            }
            if (!process.isAlive()) {
                throw diagnose(logOffset);
            }
            if (System.nanoTime() - startedNanos > START_LIMIT.toNanos()) {
                throw new ServerNotStarted(FAILED, "PostgreSQL was not ready in time; see " + directory.log());
            }
            PostgresProcesses.pause();
        }
    }

    private ServerNotStarted diagnose(long logOffset) {
        List<String> said = logSince(logOffset);
        String text = String.join("\n", said);
        if (text.contains("Address already in use")) {
            return new ServerNotStarted(
                    PORT_IN_USE, "PostgreSQL cannot use port " + port + ": something else listens there");
        }
        if (said.stream().anyMatch(PostgresPrograms::isNamespaceRefused)) {
            return PostgresPrograms.refusedAsRoot();
        }
        if (Failures.isDiskFull(text)) {
            return new ServerNotStarted(DISK_FULL, "PostgreSQL could not start: the disk is full");
        }
        String fatal = said.stream()
                .filter(line -> line.contains("FATAL:") || line.contains("PANIC:"))
                .reduce((earlier, later) -> later)
                .map(line -> line.replaceFirst("^.*(FATAL|PANIC):\\s*", ""))
                .orElse("it said nothing");
        return new ServerNotStarted(FAILED, "PostgreSQL could not start: " + fatal + "; see " + directory.log());
    }

    private long logSize() {
        try {
            return Files.exists(directory.log()) ? Files.size(directory.log()) : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    private List<String> logSince(long offset) {
        try (var log = Files.newInputStream(directory.log())) {
            // The file is begun anew when it grew too long.
            log.skipNBytes(Math.min(offset, logSize()));
            return new String(log.readNBytes(64 << 10), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    public int port() {
        return port;
    }

    /** The postmaster's process id; that of the last one when it has ended. */
    public long pid() {
        Process process = postmaster;
        return process == null ? 0 : process.pid();
    }

    public boolean isAlive() {
        Process process = postmaster;
        return process != null && process.isAlive();
    }

    /** A connection of the superuser's, with auto-commit on; the caller closes it. */
    public Connection superuser(String database) throws SQLException {
        return superuser(port, superuserPassword, database);
    }

    /** The same for a server that another process has started. */
    public static Connection superuser(int port, String superuserPassword, String database) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", PostgresDirectory.SUPERUSER);
        properties.setProperty("password", superuserPassword);
        properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("loginTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("socketTimeout", Integer.toString(SOCKET_SECONDS));
        return DriverManager.getConnection(
                "jdbc:postgresql://" + Ports.LOOPBACK + ":" + port + "/" + database, properties);
    }

    /** Ends the postmaster and all its processes with SIGKILL, as a crash would, and waits until they are gone. */
    public void kill() {
        changes.lock();
        try {
            if (!directory.processes().killAll(KILL_LIMIT)) {
                throw new IllegalStateException("PostgreSQL's processes did not end");
            }
            Process process = postmaster;
            if (process != null) {
                await(process, KILL_LIMIT);
            }
        } finally {
            changes.unlock();
        }
    }

    /** Starts the server again on its port, after stopping it where it runs. */
    public void restart() {
        changes.lock();
        try {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            Process process = postmaster;
            if (process != null) {
                stop(process);
            }
            launch();
        } finally {
            changes.unlock();
        }
    }

    /**
     * From now on, starts the server again whenever it ends by itself, until {@link #close}: see {@link Supervisor} for how
     * often.
     *
     * @param log told each end and each start, in one line without values
     */
    public void supervise(Consumer<String> log) {
        changes.lock();
        try {
            if (closed || supervisor != null) {
                throw new IllegalStateException("closed, or supervised already");
            }
            var started = new Supervisor(
                    new Supervisor.Server() {
                        @Override
                        public @Nullable Process awaitEnd() throws InterruptedException {
                            return awaitPostmasterEnd();
                        }

                        @Override
                        public long revive(Process ended) {
                            return startAgain(ended);
                        }
                    },
                    log);
            supervisor = started;
            started.start();
        } finally {
            changes.unlock();
        }
    }

    private @Nullable Process awaitPostmasterEnd() throws InterruptedException {
        Process process = postmaster;
        if (closed || process == null) {
            return null;
        }
        process.waitFor();
        return closed ? null : process;
    }

    private long startAgain(Process ended) {
        changes.lock();
        try {
            if (!closed && pid() == ended.pid()) {
                launch();
            }
            return pid();
        } finally {
            changes.unlock();
        }
    }

    private void stop(Process process) {
        if (process.isAlive()) {
            directory.interrupt(process.pid());
            await(process, STOP_LIMIT);
        }
        directory.processes().killAll(KILL_LIMIT);
        await(process, KILL_LIMIT);
    }

    private static void await(Process process, Duration limit) {
        try {
            process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops the server, cleanly if it can be done in time, and gives the directory free. */
    @Override
    public void close() {
        closed = true; // before the lock, so that nothing is started while this waits for it
        Supervisor watching = supervisor;
        if (watching != null) {
            watching.interrupt();
        }
        changes.lock();
        try {
            Process process = postmaster;
            if (process != null) {
                stop(process);
                postmaster = null;
            }
        } finally {
            lock.close();
            changes.unlock();
        }
    }

    /** Stops what a killed owner left running in a directory; for who will not start on it again. */
    public static void stopOrphan(Path directory) {
        DirectoryLock lock = DirectoryLock.take(directory);
        try {
            new PostgresDirectory(directory, new PostgresPrograms(PostgresArchive.unpacked())).stopOrphan();
        } finally {
            lock.close();
        }
    }
}
