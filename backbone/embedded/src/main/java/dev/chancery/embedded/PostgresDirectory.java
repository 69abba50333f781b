package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.DIRECTORY_DAMAGED;
import static dev.chancery.embedded.ServerNotStarted.Reason.DIRECTORY_IN_USE;
import static dev.chancery.embedded.ServerNotStarted.Reason.DISK_FULL;
import static dev.chancery.embedded.ServerNotStarted.Reason.FAILED;
import static dev.chancery.embedded.ServerNotStarted.Reason.OTHER_VERSION;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * What lies in an embedded PostgreSQL's directory: {@code data} (the cluster), {@code postgresql.log}, {@code lock}. A cluster
 * is made beside its place and moved there when it is complete, so that {@code data} is whole or was damaged later.
 */
final class PostgresDirectory {
    /** The role that initdb makes. */
    static final String SUPERUSER = "postgres";

    private static final Logger LOG = Logger.getLogger(PostgresDirectory.class);
    private static final Duration INITDB_LIMIT = Duration.ofMinutes(2);
    private static final Duration SIGNAL_LIMIT = Duration.ofSeconds(10);
    private static final Duration FAST_STOP_LIMIT = Duration.ofSeconds(20);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(20);
    private static final long MAX_LOG_BYTES = 8L << 20;

    private final Path directory;
    private final Path data;
    private final PostgresPrograms programs;
    private final PostgresProcesses processes;

    /** @param directory exists, and its lock is held */
    PostgresDirectory(Path directory, PostgresPrograms programs) {
        try {
            // As the kernel names it, to compare with a process's working directory.
            this.directory = directory.toRealPath();
        } catch (IOException e) {
            throw Failures.of(FAILED, "cannot use the directory " + directory, e);
        }
        this.data = this.directory.resolve("data");
        this.programs = programs;
        this.processes = new PostgresProcesses(data);
    }

    PostgresProcesses processes() {
        return processes;
    }

    Path log() {
        return directory.resolve("postgresql.log");
    }

    /** Makes the cluster on the first start; later, checks that it is one, of this version. */
    void prepare(String superuserPassword) {
        try {
            if (!Files.exists(data) || Trees.isEmpty(data)) {
                initialize(superuserPassword);
            }
            requireCluster(data);
            String major = Files.readString(data.resolve("PG_VERSION")).strip();
            if (!major.equals(PostgresArchive.MAJOR_VERSION)) {
                throw new ServerNotStarted(
                        OTHER_VERSION,
                        data + " was written by another PostgreSQL than " + PostgresArchive.MAJOR_VERSION
                                + "; start the release of Chancery that wrote it, and upgrade from there");
            }
        } catch (IOException e) {
            throw Failures.of(FAILED, "the PostgreSQL directory " + directory + " cannot be used", e);
        }
    }

    /** Refuses a directory that holds files and is no cluster; an empty one, or none, is one to be made. */
    static void requireIntact(Path directory) {
        Path data = directory.resolve("data");
        try {
            if (Files.exists(data) && !Trees.isEmpty(data)) {
                requireCluster(data);
            }
        } catch (IOException e) {
            throw Failures.of(FAILED, "the PostgreSQL directory " + directory + " cannot be used", e);
        }
    }

    private static void requireCluster(Path data) {
        if (!Files.exists(data.resolve("PG_VERSION"))
                || !Files.exists(data.resolve("global").resolve("pg_control"))
                || !Files.isDirectory(data.resolve("pg_wal"))) {
            throw new ServerNotStarted(
                    DIRECTORY_DAMAGED,
                    data + " holds files but is no PostgreSQL data directory; restore it from a backup");
        }
    }

    private void initialize(String superuserPassword) throws IOException {
        try (var leftovers = Files.newDirectoryStream(directory, "initializing-*")) {
            for (Path leftover : leftovers) {
                deleteIfPossible(leftover);
            }
        }
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Path work = Files.createTempDirectory(directory, "initializing-");
        Path cluster = work.resolve("data");
        Path passwordFile = Files.createFile(work.resolve("password"), ownerOnly);
        try {
            Files.writeString(passwordFile, superuserPassword + "\n");
            PostgresPrograms.Outcome outcome = programs.run(
                    INITDB_LIMIT,
                    "initdb",
                    "--pgdata=" + cluster,
                    "--username=" + SUPERUSER,
                    "--pwfile=" + passwordFile,
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    // An order of strings that is the same on every machine, whatever its C library.
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--data-checksums");
            if (outcome.exitCode() != 0) {
                throw initdbFailed(outcome);
            }
            Files.deleteIfExists(data);
            Files.move(cluster, data, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(passwordFile);
            deleteIfPossible(work);
        }
    }

    /** An initdb that failed may not have ended all its children yet; what they still write goes at the next start. */
    private static void deleteIfPossible(Path work) {
        try {
            Trees.delete(work);
        } catch (IOException | UncheckedIOException e) {
            LOG.debugf("postgres-leftover-kept cause=%s", e.getClass().getName());
        }
    }

    private static ServerNotStarted initdbFailed(PostgresPrograms.Outcome outcome) {
        if (outcome.mentions(PostgresPrograms::isNamespaceRefused)) {
            return PostgresPrograms.refusedAsRoot();
        }
        if (outcome.mentions(Failures::isDiskFull)) {
            return new ServerNotStarted(DISK_FULL, "PostgreSQL could not be set up: the disk is full");
        }
        String error = outcome.output().stream()
                .filter(line -> line.contains("error:") || line.contains("FATAL:"))
                .findFirst()
                .orElse("initdb ended with " + outcome.exitCode());
        return new ServerNotStarted(FAILED, "PostgreSQL could not be set up: " + error);
    }

    /** Stops a server that outlived the process that started it. The directory's lock is held, so nobody else's is meant. */
    void stopOrphan() {
        processes.postmaster().ifPresent(orphan -> {
            interrupt(orphan.pid());
            processes.awaitGone(FAST_STOP_LIMIT);
        });
        if (!processes.killAll(KILL_LIMIT)) {
            throw new ServerNotStarted(
                    DIRECTORY_IN_USE,
                    "a PostgreSQL of " + data + " does not end; end the processes " + processes.pids());
        }
        // Nothing works in this directory any more. The number in postmaster.pid may be a stranger's by now, or a
        // zombie's, which PostgreSQL would take for a living server. A number that nobody has it deals with itself, and
        // with the shared memory that the file names.
        boolean numberTaken = processes.pidFile().stream()
                .findFirst()
                .filter(line -> line.strip().matches("[0-9]{1,18}"))
                .flatMap(line -> ProcessHandle.of(Long.parseLong(line.strip())))
                .isPresent();
        if (numberTaken) {
            try {
                Files.deleteIfExists(data.resolve("postmaster.pid"));
            } catch (IOException e) {
                throw Failures.of(FAILED, "cannot remove a stale postmaster.pid", e);
            }
        }
    }

    /** Asks a postmaster for a fast shutdown; Java itself can only ask for the slow one, which waits for all clients. */
    void interrupt(long pid) {
        programs.run(SIGNAL_LIMIT, "pg_ctl", "kill", "INT", Long.toString(pid));
    }

    /** Starts the postmaster; it is not ready yet. */
    Process launch(Map<String, String> settings, @Nullable ServerTls tls) {
        try {
            write("postgresql.conf", PostgresSettings.file(settings));
            write("pg_hba.conf", PostgresSettings.hostAccess(tls));
            if (Files.exists(log()) && Files.size(log()) > MAX_LOG_BYTES) {
                Files.move(log(), directory.resolve("postgresql.log.1"), StandardCopyOption.REPLACE_EXISTING);
            }
            return programs.builder("postgres", "-D", data.toString())
                    .redirectOutput(Redirect.appendTo(log().toFile()))
                    .start();
        } catch (IOException e) {
            throw Failures.of(FAILED, "PostgreSQL could not be started", e);
        }
    }

    private void write(String name, String text) throws IOException {
        Path partial = Files.writeString(data.resolve(name + ".new"), text);
        Files.move(partial, data.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }
}
