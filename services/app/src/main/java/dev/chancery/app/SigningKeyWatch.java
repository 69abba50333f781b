package dev.chancery.app;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ProcessRole;
import dev.chancery.keyring.FollowedRing;
import dev.chancery.keyring.SigningKeyRotation;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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
    private final Map<String, String> told = new ConcurrentHashMap<>();

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

    /** The sealer has the newest version when this returns, as far as it can: whatever else starts makes keys by it. */
    void start() {
        holders.forEach(this::catchUp);
        var _ = clock.scheduleWithFixedDelay(this::round, 0, MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Each step for itself: what was withdrawn ends, whatever becomes of the ring. */
    private void round() {
        for (DatabaseRole holder : holders) {
            catchUp(holder);
            tried("end keys of " + holder.name(), () -> rotation.settle(holder));
            if (holder != DatabaseRole.KEYRING) {
                tried("seal keys of " + holder.name(), () -> ring.reseal(holder));
            }
        }
    }

    /** The core turns its own sealer, and seals its own keys anew, when that is asked for. */
    private void catchUp(DatabaseRole holder) {
        if (holder != DatabaseRole.KEYRING) {
            tried("turn the ring for " + holder.name(), () -> ring.catchUp(holder));
        }
    }

    /** Tells each cause once, and again when another came between. */
    private void tried(String what, Runnable work) {
        try {
            work.run();
            told.remove(what);
        } catch (RuntimeException e) {
            // A schedule ends with the first exception that leaves it.
            String cause = e.toString();
            if (!cause.equals(told.put(what, cause))) {
                LOG.warnf("Can't %s, trying on: cause=%s", what, cause);
            }
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
