package dev.chancery.cli.demo;

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
 * PostgreSQL is not the JVM's to end when the JVM is killed.
 *
 * <p><b>Thread safety:</b> {@link #close} may come from any thread, at any time.
 */
final class ServerProcess implements AutoCloseable {
    private static final int READY_SECONDS = 180;
    private static final int STOP_SECONDS = 60;
    private static final int BESIDE_SECONDS = 180;
    private static final String READY = "READY ";
    private static final int LAST_LINES = 8;

    private final Path home;
    private final Path data;
    private final Path log;
    private final Set<ProcessHandle> offspring = new HashSet<>();
    private @Nullable Process process;
    private boolean closed;

    /**
     * @param home the repository's root
     * @param log what the instance prints is appended there
     */
    ServerProcess(Path home, Path data, Path log) {
        this.home = home;
        this.data = data;
        this.log = log;
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
            throw new IOException("the story was broken off");
        }
        Process started = new ProcessBuilder(
                        ServerCommand.line(home, "up", "--data", data.toString(), "--port", Integer.toString(port)))
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
    String beside(Path output, String... arguments) throws IOException, InterruptedException {
        Process other = new ProcessBuilder(ServerCommand.line(home, arguments))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        synchronized (this) {
            offspring.add(other.toHandle());
        }
        boolean ended = other.waitFor(BESIDE_SECONDS, TimeUnit.SECONDS);
        other.destroyForcibly().waitFor();
        String said = lastLines(output);
        if (!ended || other.exitValue() != 0) {
            throw new IOException(String.join(" ", arguments) + ": "
                    + (ended ? "exit code " + other.exitValue() : "no end within " + BESIDE_SECONDS + " s") + "\n"
                    + said);
        }
        return said.substring(said.lastIndexOf('\n') + 1);
    }

    /** {@code kill -9} of the Java process, and of nothing else. */
    void kill() throws InterruptedException {
        Process running = running();
        remember(running);
        running.destroyForcibly().waitFor();
    }

    /** Stops it as TERM does; answers its exit code. */
    int stop() throws IOException, InterruptedException {
        Process running = running();
        remember(running);
        running.destroy();
        if (!running.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("the instance did not stop within " + STOP_SECONDS + " s");
        }
        return running.exitValue();
    }

    /** Whether anything that it started is still there. */
    synchronized boolean hasSurvivors() {
        return offspring.stream().anyMatch(ProcessHandle::isAlive);
    }

    private synchronized Process running() {
        if (process == null) {
            throw new IllegalStateException("it was not started");
        }
        return process;
    }

    private synchronized void remember(Process running) {
        running.descendants().forEach(offspring::add);
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
            offspring.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
