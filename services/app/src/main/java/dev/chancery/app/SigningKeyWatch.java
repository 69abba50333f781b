package dev.chancery.app;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ProcessRole;
import dev.chancery.keyring.FollowedRing;
import dev.chancery.keyring.SigningKeyRotation;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Has a process do, every {@value #MILLIS} ms, what the core says of the keys that sign and that it holds: those that were told to sign no more end,
 * and they are sealed by the newest version of the ring. Where that fails, it tries on.
 */
final class SigningKeyWatch implements AutoCloseable {
    static final long MILLIS = 1_000;

    private static final Logger LOG = Logger.getLogger(SigningKeyWatch.class);

    private final SigningKeyRotation rotation;
    private final FollowedRing ring;
    private final List<DatabaseRole> holders;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("signing-keys").factory());
    private boolean failing;

    SigningKeyWatch(SigningKeyRotation rotation, FollowedRing ring, List<DatabaseRole> holders) {
        this.rotation = rotation;
        this.ring = ring;
        this.holders = holders;
    }

    /** Whose keys a process with these roles holds, as {@code signing.holder} in the database has it. */
    static List<DatabaseRole> holders(Collection<ProcessRole> roles) {
        return roles.stream()
                .flatMap(role -> switch (role) {
                    case CORE -> Stream.of(DatabaseRole.KEYRING);
                    case LEDGER -> Stream.of(DatabaseRole.LEDGER);
                    case EGRESS -> Stream.of(DatabaseRole.PROXY);
                    case RELAY, PROJECTORS -> Stream.of();
                })
                .toList();
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::settle, 0, MILLIS, TimeUnit.MILLISECONDS);
    }

    private void settle() {
        try {
            holders.forEach(rotation::settle);
            // The core's own keys are sealed anew when that is asked for.
            holders.stream().filter(holder -> holder != DatabaseRole.KEYRING).forEach(ring::follow);
            failing = false;
        } catch (RuntimeException e) {
            // A schedule ends with the first exception that leaves it.
            if (!failing) {
                LOG.warnf("Signing keys not looked after, trying on: cause=%s", e);
            }
            failing = true;
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
