package dev.chancery.vault;

import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Destroys the keys of versions whose destruction is recorded and was not done: the process ended in between, or PostgreSQL could not be
 * asked. It looks again and again, since the list of versions may learn of the record only after a start.
 *
 * <p><b>Thread safety:</b> safe; several processes may do this at once.
 */
final class Destructions implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Destructions.class);
    static final long INTERVAL_MILLIS = 30_000;

    private final VaultList list;
    private final SecretRing ring;
    private final long intervalMillis;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("secret-destructions").factory());

    /** @param intervalMillis between the end of a round and the next */
    Destructions(VaultList list, SecretRing ring, long intervalMillis) {
        this.list = list;
        this.ring = ring;
        this.intervalMillis = intervalMillis;
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, intervalMillis, TimeUnit.MILLISECONDS);
    }

    private void round() {
        try {
            for (SecretPlace place : list.halfDestroyed()) {
                ring.destroy(place);
                LOG.infof("Key of a destroyed secret version destroyed late: tenant=%s", place.tenant());
            }
        } catch (RuntimeException e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("Keys of destroyed secret versions not looked for, trying on: cause=%s", e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
