package dev.chancery.boundary.tokens;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Has a process learn every {@value #MILLIS} ms which keys sign and verify tokens; where that fails, it tries on with those it knows. */
public final class TokenKeyWatch implements AutoCloseable {
    public static final long MILLIS = 1_000;

    private static final Logger LOG = Logger.getLogger(TokenKeyWatch.class);

    private final Tokens tokens;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("token-keys").factory());
    private boolean failing;

    public TokenKeyWatch(Tokens tokens) {
        this.tokens = tokens;
    }

    public void start() {
        var _ = clock.scheduleWithFixedDelay(this::refresh, MILLIS, MILLIS, TimeUnit.MILLISECONDS);
    }

    private void refresh() {
        try {
            tokens.refresh();
            failing = false;
        } catch (RuntimeException e) {
            // A schedule ends with the first exception that leaves it.
            if (!failing) {
                LOG.warnf("Token keys not read, trying on: cause=%s", e);
            }
            failing = true;
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
