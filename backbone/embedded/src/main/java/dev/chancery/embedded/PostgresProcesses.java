package dev.chancery.embedded;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The processes of one data directory. PostgreSQL's enter it at start and stay there, so where {@code /proc} exists they are
 * found whoever their parent was; elsewhere it is the postmaster that the directory names, and its children.
 */
final class PostgresProcesses {
    private static final Path PROC = Path.of("/proc");
    private static final int POLL_MILLIS = 10;

    private final Path data;

    PostgresProcesses(Path data) {
        this.data = data;
    }

    /** Living ones; a zombie, which only waits for its parent, is not among them. */
    Set<ProcessHandle> alive() {
        return Files.isDirectory(PROC) ? inProc() : ofPostmaster();
    }

    /** The process that postmaster.pid names, if it lives and is this directory's. */
    Optional<ProcessHandle> postmaster() {
        return namedPid()
                .flatMap(pid ->
                        alive().stream().filter(process -> process.pid() == pid).findFirst());
    }

    /** Ends all of them with SIGKILL and answers whether they are gone in time. */
    boolean killAll(Duration limit) {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        var found = alive();
        // The postmaster first: it would start others.
        postmaster().ifPresent(ProcessHandle::destroyForcibly);
        while (!found.isEmpty()) {
            found.forEach(ProcessHandle::destroyForcibly);
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
            pause();
            found = alive();
        }
        return true;
    }

    /** Waits for all to end by themselves. */
    boolean awaitGone(Duration limit) {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!alive().isEmpty()) {
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
            pause();
        }
        return true;
    }

    static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerNotStarted(
                    ServerNotStarted.Reason.FAILED, "interrupted while PostgreSQL starts or stops", e);
        }
    }

    /** postmaster.pid's lines; none when there is no such file. */
    List<String> pidFile() {
        try {
            return Files.readAllLines(data.resolve("postmaster.pid"));
        } catch (IOException e) {
            return List.of();
        }
    }

    private Optional<Long> namedPid() {
        try {
            return pidFile().stream().findFirst().map(line -> Long.parseLong(line.strip()));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private Set<ProcessHandle> inProc() {
        var found = new LinkedHashSet<ProcessHandle>();
        try (var entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path entry : entries) {
                if (worksHere(entry)) {
                    ProcessHandle.of(Long.parseLong(entry.getFileName().toString()))
                            .ifPresent(found::add);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw Failures.of(ServerNotStarted.Reason.FAILED, "cannot list processes", e);
        }
        return found;
    }

    private boolean worksHere(Path entry) {
        try {
            // A shell may stand in the directory too; it is none of ours.
            return Files.readSymbolicLink(entry.resolve("cwd")).equals(data)
                    && Files.readSymbolicLink(entry.resolve("exe"))
                            .getFileName()
                            .toString()
                            .startsWith("postgres");
        } catch (IOException e) {
            return false; // it ended, or is somebody else's
        }
    }

    private Set<ProcessHandle> ofPostmaster() {
        var found = new LinkedHashSet<ProcessHandle>();
        namedPid()
                .flatMap(ProcessHandle::of)
                .filter(process -> process.info().arguments().stream()
                        .anyMatch(arguments -> List.of(arguments).contains(data.toString())))
                .ifPresent(postmaster -> {
                    found.add(postmaster);
                    found.addAll(postmaster.descendants().toList());
                });
        return found;
    }

    /** Those whose command ended in between are left out. */
    List<Long> pids() {
        var pids = new ArrayList<Long>();
        alive().forEach(process -> pids.add(process.pid()));
        return pids;
    }
}
