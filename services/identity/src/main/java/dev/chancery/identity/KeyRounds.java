package dev.chancery.identity;

import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Has keys follow the log at the start, and every {@value #SECONDS} s what another process left undone. */
final class KeyRounds implements AutoCloseable {
    static final long SECONDS = 60;

    private static final Logger LOG = Logger.getLogger(KeyRounds.class);

    private final TokenKeys tokenKeys;
    private final SigningKeyMethods signingKeys;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("key-rotation").factory());

    KeyRounds(TokenKeys tokenKeys, SigningKeyMethods signingKeys) {
        this.tokenKeys = tokenKeys;
        this.signingKeys = signingKeys;
    }

    void start() {
        tokenKeys.settle();
        signingKeys.settle();
        var _ = clock.scheduleWithFixedDelay(this::round, SECONDS, SECONDS, TimeUnit.SECONDS);
    }

    private void round() {
        tried(() -> tokenKeys.round(Instant.now()));
        tried(signingKeys::settle);
    }

    /** A schedule ends with the first exception that leaves it. */
    static void tried(Runnable part) {
        try {
            part.run();
        } catch (RuntimeException e) {
            LOG.warnf("Keys not looked after, trying on: cause=%s", e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
