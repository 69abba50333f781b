package dev.chancery.testkit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** This JVM's servers, each started when it is first asked for and closed when the JVM ends. */
final class SharedServers {
    // Held, because java.util.logging forgets the level of a logger that nobody holds. It tells each migration in seven
    // lines.
    private static final Logger FLYWAY = Logger.getLogger("org.flywaydb");

    private final Servers servers = Servers.chosen();
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private @Nullable TestPostgres postgres;
    private @Nullable TestKafka kafka;

    SharedServers() {
        FLYWAY.setLevel(Level.WARNING);
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "testkit-close"));
    }

    synchronized TestPostgres postgres() {
        TestPostgres started = postgres;
        if (started == null) {
            started = closedAtExit(servers.postgres());
            postgres = started;
        }
        return started;
    }

    synchronized TestKafka kafka() {
        TestKafka started = kafka;
        if (started == null) {
            started = closedAtExit(servers.kafka());
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
        for (AutoCloseable closeable : toClose) {
            try {
                closeable.close();
            } catch (Exception e) {
                // The JVM ends; what is left in the scratch directory says why.
            }
        }
    }
}
