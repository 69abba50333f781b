package dev.chancery.app;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ProcessRole;
import dev.chancery.keyring.SigningKeyRotation;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** Has a process end, every {@value #MILLIS} ms, the keys that it holds and that were told to sign no more; where that fails, it tries on. */
final class SigningKeyWatch implements AutoCloseable {
    static final long MILLIS = 1_000;

    private static final Logger LOG = Logger.getLogger(SigningKeyWatch.class);

    private final SigningKeyRotation rotation;
    private final List<DatabaseRole> holders;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("signing-keys").factory());
    private boolean failing;

    SigningKeyWatch(SigningKeyRotation rotation, List<DatabaseRole> holders) {
        this.rotation = rotation;
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
