package dev.chancery.story;

import dev.chancery.cli.client.Instance;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * An instance as a child process, on a data directory of its own.
 *
 * <p><b>Destruction:</b> {@link #close} stops it as TERM does, and after {@value #STOP_SECONDS} s by force, with all that it started:
 * a JVM that is killed doesn't end PostgreSQL.
 *
 * <p><b>Thread safety:</b> {@link #close} may come from any thread, at any time.
 */
final class InstanceProcess implements AutoCloseable {
    /** As the script {@code chancery} has them. */
    private static final List<String> FLAGS = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+UseSerialGC",
            // The story of a subject's data has a system beside the instance, and does not wait for days.
            "-Dchancery.holders.loopback=true",
            "-Dchancery.retention.horizon=PT10S",
            "-Xms64m",
            "-Xmx768m");

    private static final int READY_SECONDS = 180;
    private static final int STOP_SECONDS = 60;
    private static final int RUN_SECONDS = 180;
    private static final String READY = "READY ";
    private static final int LAST_LINES = 8;

    private final Path home;
    private final Path data;
    private final Path log;
    private final Set<ProcessHandle> descendants = new HashSet<>();
    private @Nullable Process process;
    private boolean closed;

    /**
     * @param home the repository's root
     * @param log what the instance prints is appended there
     */
    InstanceProcess(Path home, Path data, Path log) {
        this.home = home;
        this.data = data;
        this.log = log;
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(FLAGS);
        command.add("-Dchancery.home=" + home);
        command.add("-jar");
        command.add(home.resolve("services/quickstart/target/quarkus-app/quarkus-run.jar")
                .toString());
        command.addAll(List.of(arguments));
        return command;
    }

    /**
     * Starts it, for the first time or again, and waits until it is ready.
     *
     * @param port 0: any free one
     */
    Instance start(int port) throws IOException, InterruptedException {
        CompletableFuture<String> ready = new CompletableFuture<>();
        Process started = launch(port);
        Thread.ofVirtual().start(() -> follow(started, ready));
        try {
            return Instance.parse(ready.get(READY_SECONDS, TimeUnit.SECONDS));
        } catch (TimeoutException e) {
            throw new IOException("the instance was not ready within " + READY_SECONDS + " s; see " + log, e);
        } catch (ExecutionException e) {
            throw new IOException("the instance did not start:\n" + lastLines(log), e);
        }
    }

    private synchronized Process launch(int port) throws IOException {
        if (closed) {
            throw new IOException("the story was stopped");
        }
        Process started = new ProcessBuilder(command("up", "--data", data.toString(), "--port", Integer.toString(port)))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process = started;
        return started;
    }

    private void follow(Process started, CompletableFuture<String> ready) {
        try (BufferedReader lines = started.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                if (line.startsWith(READY)) {
                    ready.complete(line.substring(READY.length()));
                }
            }
        } catch (IOException e) {
            ready.completeExceptionally(e);
        } finally {
            ready.completeExceptionally(new IOException("it ended"));
        }
    }

    /**
     * Runs another command of the quick start on the same directory, to its end.
     *
     * @return the last line that it printed
     */
    String run(Path output, String... arguments) throws IOException, InterruptedException {
        Process other = new ProcessBuilder(command(arguments))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        synchronized (this) {
            descendants.add(other.toHandle());
        }
        boolean ended = other.waitFor(RUN_SECONDS, TimeUnit.SECONDS);
        other.destroyForcibly().waitFor();
        String end = lastLines(output);
        if (!ended || other.exitValue() != 0) {
            throw new IOException(String.join(" ", arguments) + ": "
                    + (ended ? "exit code " + other.exitValue() : "no end within " + RUN_SECONDS + " s") + "\n"
                    + end);
        }
        return end.substring(end.lastIndexOf('\n') + 1);
    }

    /** {@code kill -9} of the Java process, and of nothing else. */
    void kill() throws InterruptedException {
        Process running = running();
        remember(running);
        running.destroyForcibly().waitFor();
    }

    /** Stops it as TERM does; returns its exit code. */
    int stop() throws IOException, InterruptedException {
        Process running = running();
        remember(running);
        running.destroy();
        if (!running.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("the instance did not stop within " + STOP_SECONDS + " s");
        }
        return running.exitValue();
    }

    /** Whether a process that it started still runs. */
    synchronized boolean hasSurvivors() {
        return descendants.stream().anyMatch(ProcessHandle::isAlive);
    }

    private synchronized Process running() {
        if (process == null) {
            throw new IllegalStateException("it was not started");
        }
        return process;
    }

    private synchronized void remember(Process running) {
        running.descendants().forEach(descendants::add);
    }

    private static String lastLines(Path log) {
        try {
            List<String> lines = new ArrayList<>(Files.readAllLines(log));
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        Process last;
        synchronized (this) {
            closed = true;
            last = process;
        }
        if (last != null) {
            end(last);
        }
    }

    private void end(Process last) {
        remember(last);
        last.destroy();
        try {
            last.waitFor(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        last.destroyForcibly();
        synchronized (this) {
            descendants.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
