package dev.chancery.quickstart.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** An instance's PostgreSQL while it neither answers nor ends: until this is closed. */
public final class FrozenPostgres implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(12);
    /** A process's state in /proc, after its name in parentheses. */
    private static final String STOPPED = ") T ";

    private final List<ProcessHandle> processes;

    private FrozenPostgres(List<ProcessHandle> processes) {
        this.processes = processes;
    }

    /** Stops the postmaster and its children, the instance's own. */
    public static FrozenPostgres of(RunningInstance instance) {
        try {
            Path cluster = instance.data().resolve("postgres").resolve("data");
            long pid = Long.parseLong(Files.readAllLines(cluster.resolve("postmaster.pid"))
                    .getFirst()
                    .strip());
            ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
            assertThat(postmaster.info().arguments().orElseThrow()).contains(cluster.toString());
            var frozen = new FrozenPostgres(Stream.concat(Stream.of(postmaster), postmaster.descendants())
                    .toList());
            frozen.signal("-STOP");
            if (!RunningInstance.await(LIMIT, () -> frozen.processes.stream().allMatch(FrozenPostgres::isStopped))) {
                frozen.close();
                throw new AssertionError("PostgreSQL goes on");
            }
            return frozen;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void signal(String signal) {
        List<String> command = new ArrayList<>(List.of("kill", signal));
        processes.stream().filter(ProcessHandle::isAlive).forEach(process -> command.add(Long.toString(process.pid())));
        try {
            assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                    .isZero();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static boolean isStopped(ProcessHandle process) {
        try {
            return !process.isAlive()
                    || Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"))
                            .contains(STOPPED);
        } catch (IOException e) {
            return !process.isAlive();
        }
    }

    @Override
    public void close() {
        signal("-CONT");
    }
}
