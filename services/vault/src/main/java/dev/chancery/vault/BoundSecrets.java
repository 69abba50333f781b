package dev.chancery.vault;

import com.google.protobuf.Message;
import dev.chancery.command.CommandContext;
import dev.chancery.decision.Connections;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.vault.v1.BoundSecretDestroyed;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Destroys what was bound to a connector that was disconnected: looks four times a second. That it is destroyed is durable first, then its keys
 * go; where a process ends in between, {@link Destructions} does the rest.
 *
 * <p>What vouches for leases waits until their roles are gone, since it takes them away.
 *
 * <p><b>Thread safety:</b> safe; several processes may do this at once.
 */
final class BoundSecrets implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(BoundSecrets.class);
    private static final String ACTION = "vault.secret.end";
    private static final long INTERVAL_MILLIS = 250;

    private final VaultList list;
    private final VaultLog log;
    private final SecretRing ring;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("bound-secrets").factory());

    /** A secret of an organisation. */
    record Named(String tenant, String secret) {}

    BoundSecrets(VaultList list, VaultLog log, SecretRing ring) {
        this.list = list;
        this.log = log;
        this.ring = ring;
    }

    /** Whether what a secret is bound to was disconnected: a decision on it stands only if that has not changed. */
    static boolean areOver(CommandContext context, Secret secret) {
        return secret.binding()
                .filter(binding -> !context.read(Connections.stream(binding.workspace()), Connections.FOLD)
                        .has(binding.connector(), binding.position()))
                .isPresent();
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void round() {
        try {
            list.disconnected().forEach(this::destroy);
        } catch (RuntimeException e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("Secrets of disconnected connectors not looked for, trying on: cause=%s", e);
        }
    }

    private void destroy(Named named) {
        Loaded<Secret> loaded = log.secret(named.tenant(), named.secret());
        if (!log.isOver(named.tenant(), loaded.state())
                || !log.append(named.tenant(), named.secret(), loaded, ACTION, List.of(destroyed(named)))) {
            return;
        }
        for (int version : loaded.state().versions().keySet()) {
            ring.destroy(new SecretPlace(named.tenant(), Names.environmentOf(named.secret()), named.secret(), version));
        }
    }

    private static Message destroyed(Named named) {
        return BoundSecretDestroyed.newBuilder().setSecret(named.secret()).build();
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
