package dev.chancery.quickstart.newcomer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.chancery.quickstart.instance.RunningInstance;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program of somebody else's, run as they run it: its words, its output, its exit code. */
final class Program {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Path outputs;
    private final Path place;
    private final List<String> begin;

    record Ended(int exitCode, String out, String err) {}

    /**
     * @param outputs where what it says is written
     * @param place where it is run
     */
    Program(Path outputs, Path place, String... begin) {
        this.outputs = outputs;
        this.place = place;
        this.begin = List.of(begin);
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    static boolean exists(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
    }

    Ended run(List<String> words, String... more) throws InterruptedException {
        return run(Stream.concat(words.stream(), Stream.of(more)).toArray(String[]::new));
    }

    Ended run(String... words) throws InterruptedException {
        try (Running running = start(words)) {
            if (!running.process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                return fail("it did not end: %s", running);
            }
            return new Ended(running.process.exitValue(), text(running.out), text(running.err));
        }
    }

    Running start(String... words) {
        List<String> command = new ArrayList<>(begin);
        command.addAll(List.of(words));
        try {
            Path out = Files.createTempFile(outputs, "program", ".out");
            Path err = Files.createTempFile(outputs, "program", ".err");
            return new Running(
                    new ProcessBuilder(command)
                            .directory(place.toFile())
                            .redirectInput(new File("/dev/null"))
                            .redirectOutput(out.toFile())
                            .redirectError(err.toFile())
                            .start(),
                    out,
                    err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One that goes on until it is stopped. */
    record Running(Process process, Path out, Path err) implements AutoCloseable {
        List<String> lines() {
            return text(out).lines().toList();
        }

        void awaitLine(String pattern) {
            boolean said = RunningInstance.await(
                    LIMIT, () -> !process.isAlive() || lines().stream().anyMatch(line -> line.matches(pattern)));
            assertThat(lines()).as("%s; errors: %s", said, text(err)).anyMatch(line -> line.matches(pattern));
        }

        /** Ends it with TERM, and waits: the next may use what it leaves. */
        @Override
        public void close() throws InterruptedException {
            process.destroy();
            if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        }
    }
}
