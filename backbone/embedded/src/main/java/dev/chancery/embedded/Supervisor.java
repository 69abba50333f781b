package dev.chancery.embedded;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Starts a PostgreSQL again when its postmaster ends by itself.
 *
 * <p><b>Limits:</b> {@link #MAX_RESTARTS} in a row, with a pause that doubles from {@link #FIRST_PAUSE_MILLIS} to {@link
 * #LONGEST_PAUSE_MILLIS}; a server that ran for {@link #STABLE_SECONDS} begins a new row. Then it is left down: something is
 * wrong that a restart does not mend.
 */
final class Supervisor extends Thread {
    static final int MAX_RESTARTS = 20;
    static final long FIRST_PAUSE_MILLIS = 50;
    static final long LONGEST_PAUSE_MILLIS = 5_000;
    static final long STABLE_SECONDS = 60;

    /** The server that is watched. */
    interface Server {
        /** Waits until the postmaster has ended, and answers it; null when the server was closed. */
        @Nullable
        Process awaitEnd() throws InterruptedException;

        /** Starts the server unless it was closed, or has been started since {@code ended} did end; answers its process id. */
        long revive(Process ended);
    }

    private final Server server;
    private final Consumer<String> log;

    Supervisor(Server server, Consumer<String> log) {
        super("postgres-supervisor");
        setDaemon(true);
        this.server = server;
        this.log = log;
    }

    @Override
    public void run() {
        try {
            int restarts = 0;
            long pauseMillis = FIRST_PAUSE_MILLIS;
            long aliveSinceNanos = System.nanoTime();
            Process ended;
            while ((ended = server.awaitEnd()) != null) {
                if (System.nanoTime() - aliveSinceNanos > TimeUnit.SECONDS.toNanos(STABLE_SECONDS)) {
                    restarts = 0;
                    pauseMillis = FIRST_PAUSE_MILLIS;
                }
                if (restarts++ == MAX_RESTARTS) {
                    log.accept("postgres-given-up restarts=" + MAX_RESTARTS);
                    return;
                }
                log.accept("postgres-ended pid=" + ended.pid() + " restart=" + restarts);
                Thread.sleep(pauseMillis);
                pauseMillis = Math.min(pauseMillis * 2, LONGEST_PAUSE_MILLIS);
                revive(ended);
                aliveSinceNanos = System.nanoTime();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private void revive(Process ended) {
        try {
            log.accept("postgres-restarted pid=" + server.revive(ended));
        } catch (ServerNotStarted e) {
            log.accept("postgres-not-restarted reason=" + e.reason());
        }
    }
}
