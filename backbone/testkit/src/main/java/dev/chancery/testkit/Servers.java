package dev.chancery.testkit;

import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** This JVM's servers and the directory they work in. */
final class Servers {
    // Held, because java.util.logging forgets the level of a logger that nobody holds. It tells each migration in seven
    // lines.
    private static final Logger FLYWAY = Logger.getLogger("org.flywaydb");

    private final Path directory = Scratch.create();
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private @Nullable EmbeddedPostgres postgres;
    private @Nullable EmbeddedKafka kafka;

    Servers() {
        FLYWAY.setLevel(Level.WARNING);
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "testkit-close"));
    }

    synchronized EmbeddedPostgres postgres() {
        EmbeddedPostgres started = postgres;
        if (started == null) {
            started = closedAtExit(EmbeddedPostgres.start(directory.resolve("postgres"), 0, Secrets.fresh()));
            postgres = started;
        }
        return started;
    }

    synchronized EmbeddedKafka kafka() {
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
                clean = false; // the directory is kept, to see why
            }
        }
        if (clean) {
            Scratch.delete(directory);
        }
    }
}
