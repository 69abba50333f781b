package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.DIRECTORY_DAMAGED;
import static dev.chancery.embedded.ServerNotStarted.Reason.DIRECTORY_IN_USE;
import static dev.chancery.embedded.ServerNotStarted.Reason.FAILED;
import static dev.chancery.embedded.ServerNotStarted.Reason.NOT_RUNNABLE;
import static dev.chancery.embedded.ServerNotStarted.Reason.OTHER_VERSION;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What lies in an embedded PostgreSQL's directory: {@code data} (the cluster), {@code postgresql.log}, {@code lock}. A cluster
 * is made beside its place and moved there when it is complete, so that {@code data} is whole or was damaged later.
 */
final class PostgresDirectory {
    /** The role that initdb makes. */
    static final String SUPERUSER = "postgres";

    private static final Duration INITDB_LIMIT = Duration.ofMinutes(2);
    private static final Duration SIGNAL_LIMIT = Duration.ofSeconds(10);
    private static final Duration FAST_STOP_LIMIT = Duration.ofSeconds(20);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(20);
    private static final long MAX_LOG_BYTES = 8L << 20;

    private final Path directory;
    private final Path data;
    private final PostgresBinaries binaries;
    private final PostgresProcesses processes;

    /** @param directory exists, and its lock is held */
    PostgresDirectory(Path directory, PostgresBinaries binaries) {
        try {
            // As the kernel names it, to compare with a process's working directory.
            this.directory = directory.toRealPath();
        } catch (IOException e) {
            throw Failures.of(FAILED, "cannot use the directory " + directory, e);
        }
        this.data = this.directory.resolve("data");
        this.binaries = binaries;
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
            Path version = data.resolve("PG_VERSION");
            if (!Files.exists(version)
                    || !Files.exists(data.resolve("global").resolve("pg_control"))
                    || !Files.isDirectory(data.resolve("pg_wal"))) {
                throw new ServerNotStarted(
                        DIRECTORY_DAMAGED,
                        data + " holds files but is no PostgreSQL data directory; restore it from a backup");
            }
            String major = Files.readString(version).strip();
            if (!major.equals(PostgresBinaries.MAJOR_VERSION)) {
                throw new ServerNotStarted(
                        OTHER_VERSION,
                        data + " was written by another PostgreSQL than " + PostgresBinaries.MAJOR_VERSION
                                + "; start the release of Chancery that wrote it, and upgrade from there");
            }
        } catch (IOException e) {
            throw Failures.of(FAILED, "the PostgreSQL directory " + directory + " cannot be used", e);
        }
    }

    private void initialize(String superuserPassword) throws IOException {
        try (var leftovers = Files.newDirectoryStream(directory, "initializing-*")) {
            for (Path leftover : leftovers) {
                Trees.delete(leftover);
            }
        }
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Path work = Files.createTempDirectory(directory, "initializing-");
        Path cluster = work.resolve("data");
        Path passwordFile = Files.createFile(work.resolve("password"), ownerOnly);
        try {
            Files.writeString(passwordFile, superuserPassword + "\n");
            List<String> output = run(
                    INITDB_LIMIT,
                    binaries.command(
                            "initdb",
                            "--pgdata=" + cluster,
                            "--username=" + SUPERUSER,
                            "--pwfile=" + passwordFile,
                            "--auth=scram-sha-256",
                            "--encoding=UTF8",
                            // Its order of strings is the same on every machine and after every upgrade of the C
                            // library.
                            "--locale=C",
                            "--locale-provider=builtin",
                            "--builtin-locale=C.UTF-8",
                            "--data-checksums"));
            if (!Files.exists(cluster.resolve("PG_VERSION"))) {
                throw initdbFailed(output);
            }
            Files.deleteIfExists(data);
            Files.move(cluster, data, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Trees.delete(work);
        }
    }

    private static ServerNotStarted initdbFailed(List<String> output) {
        String text = String.join("\n", output);
        if (Failures.isDiskFull(text)) {
            return new ServerNotStarted(
                    ServerNotStarted.Reason.DISK_FULL, "PostgreSQL could not be set up: the disk is full");
        }
        boolean refused = text.contains("unshare");
        return new ServerNotStarted(
                refused ? NOT_RUNNABLE : FAILED,
                "PostgreSQL could not be set up: "
                        + (refused
                                ? "it does not run as root, and this machine allows no user namespace; start as another user"
                                : lastLine(output)));
    }

    private static String lastLine(List<String> lines) {
        return lines.isEmpty() ? "initdb said nothing" : lines.getLast();
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
        // Nothing works in this directory any more. The number in the file may be somebody else's by now, or a
        // zombie's, and
        // PostgreSQL would take that for a living server; otherwise it deals with the file itself, and with the memory
        // it names.
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
        run(SIGNAL_LIMIT, binaries.command("pg_ctl", "kill", "INT", Long.toString(pid)));
    }

    /** Starts the postmaster; it is not ready yet. */
    Process launch(Map<String, String> settings) {
        try {
            write("postgresql.conf", PostgresSettings.file(settings));
            write("pg_hba.conf", PostgresSettings.hostAccess());
            if (Files.exists(log()) && Files.size(log()) > MAX_LOG_BYTES) {
                Files.move(log(), directory.resolve("postgresql.log.1"), StandardCopyOption.REPLACE_EXISTING);
            }
            return quiet(binaries.command("postgres", "-D", data.toString()))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                    .start();
        } catch (IOException e) {
            throw Failures.of(FAILED, "PostgreSQL could not be started", e);
        }
    }

    private void write(String name, String text) throws IOException {
        Path partial = Files.writeString(data.resolve(name + ".new"), text);
        Files.move(partial, data.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private static List<String> run(Duration limit, List<String> command) {
        try {
            Process process = quiet(command).start();
            var output = java.util.concurrent.CompletableFuture.supplyAsync(
                    () -> process.inputReader().lines().limit(200).toList());
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new ServerNotStarted(FAILED, "PostgreSQL's " + command.get(2) + " did not end in time");
            }
            return output.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (IOException | java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw Failures.of(FAILED, "PostgreSQL's programs could not be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerNotStarted(FAILED, "interrupted while PostgreSQL starts or stops", e);
        }
    }

    /** The environment may hold secrets, and settings of PostgreSQL's own: neither is passed on. */
    private static ProcessBuilder quiet(List<String> command) {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("PATH", "/usr/bin:/bin");
        return builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    }
}
