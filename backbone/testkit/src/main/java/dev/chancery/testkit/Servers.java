package dev.chancery.testkit;

import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** This JVM's servers and the directory they work in. All calls are of {@link Backing}'s, under its lock. */
final class Servers {
    private final Path directory;
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private @Nullable EmbeddedPostgres postgres;
    private @Nullable EmbeddedKafka kafka;

    Servers() {
        try {
            directory = Files.createTempDirectory("chancery-testkit-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "testkit-close"));
    }

    EmbeddedPostgres postgres() {
        EmbeddedPostgres started = postgres;
        if (started == null) {
            started = closedAtExit(EmbeddedPostgres.start(directory.resolve("postgres"), 0, Secrets.fresh()));
            postgres = started;
        }
        return started;
    }

    EmbeddedKafka kafka() {
        EmbeddedKafka started = kafka;
        if (started == null) {
            started = closedAtExit(EmbeddedKafka.start(directory.resolve("kafka"), 0));
            kafka = started;
        }
        return started;
    }

    /** Closed when the JVM ends, the latest first. */
    synchronized <T extends AutoCloseable> T closedAtExit(T closeable) {
        toClose.push(closeable);
        return closeable;
    }

    private synchronized void close() {
        boolean clean = true;
        for (AutoCloseable closeable : toClose) {
            try {
                closeable.close();
            } catch (Exception e) {
                clean = false;
            }
        }
        if (clean) {
            delete();
        }
    }

    private void delete() {
        List<Path> deepestFirst;
        try (var paths = Files.walk(directory)) {
            deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // It lies in the directory for temporary files.
        }
    }
}
