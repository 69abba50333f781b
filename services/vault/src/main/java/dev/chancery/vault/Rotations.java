package dev.chancery.vault;

import dev.chancery.command.Clock;
import dev.chancery.command.Ids;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.Streams.Loaded;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Gives secrets whose values the vault makes a new one when their schedule says so, in every organisation, and asks rotators for theirs. The list
 * says what is due, the log whether it still is: where the list has not seen the newest version yet, nothing happens. A process that dies before
 * the record leaves a key of the version, which the next attempt seals by.
 *
 * <p><b>Thread safety:</b> safe; several processes may do this at once: one of them writes the version.
 *
 * <p><b>Limits:</b> {@value #MAX_ROUND} secrets in a round, {@value #MAX_OF_ONE} of an organisation; what can't be turned is left alone for
 * {@value #REST_SECONDS} seconds.
 */
final class Rotations implements AutoCloseable {
    static final String ACTION = "vault.secret.turn";
    static final int MAX_ROUND = 500;
    static final int MAX_OF_ONE = 50;
    static final int REST_SECONDS = 300;

    private static final Logger LOG = Logger.getLogger(Rotations.class);
    private static final long INTERVAL_SECONDS = 5;

    private final VaultList list;
    private final VaultLog log;
    private final SecretRing ring;
    private final Map<Due, Long> restUntil = new ConcurrentHashMap<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("secret-rotations").factory());

    /** A secret that is due. */
    record Due(String tenant, String secret) {}

    /** What the list knows of a secret that is due; {@code newest} 0: it has no version yet. */
    record Seen(int newest, int everyDays) {}

    Rotations(VaultList list, VaultLog log, SecretRing ring) {
        this.list = list;
        this.log = log;
        this.ring = ring;
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_SECONDS, TimeUnit.SECONDS);
    }

    /** One look; the schedule's, and a test's. */
    void round() {
        try {
            restUntil.values().removeIf(until -> until - System.nanoTime() <= 0);
            for (Due due : list.due(Clock.nowMicros())) {
                if (!restUntil.containsKey(due)) {
                    turn(due);
                }
            }
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of rotations: cause=%s", e);
        }
    }

    /** Secrets that are due and can't be turned; the log says why. */
    int stuck() {
        return restUntil.size();
    }

    private void turn(Due due) {
        try {
            Optional<Rejection> refused = turn(due, Clock.nowMicros());
            refused.ifPresent(rejection -> rest(due, rejection.code()));
        } catch (RuntimeException e) {
            rest(due, e.toString());
        }
    }

    private void rest(Due due, String cause) {
        LOG.warnf(
                "Secret not turned: tenant=%s stream=%s cause=%s",
                due.tenant(), Names.secret(due.secret()).value(), cause);
        restUntil.put(due, System.nanoTime() + TimeUnit.SECONDS.toNanos(REST_SECONDS));
    }

    /** @return why it can't be turned */
    private Optional<Rejection> turn(Due due, long atMicros) {
        Optional<Seen> seen = list.due(due, atMicros);
        Loaded<Secret> loaded = log.secret(due.tenant(), due.secret());
        Secret secret = loaded.state();
        boolean isDue = seen.filter(row -> row.newest() == secret.newest()
                                && row.everyDays() == secret.rotation().getEveryDays())
                        .isPresent()
                && secret.rotation().getGenerated();
        if (!isDue || secret.asked().isPresent() || log.isOver(due.tenant(), secret)) {
            return Optional.empty();
        }
        Optional<Rejection> refused = VaultRules.mayAdd(secret, false, atMicros);
        if (refused.isPresent()) {
            return refused;
        }
        NextVersion next = NextVersion.of(
                ring, due.tenant(), due.secret(), secret, Ids.uuidV7().toString());
        // Not recorded: somebody else wrote a version, or the log takes nothing now. The next round looks again.
        if (log.append(due.tenant(), due.secret(), loaded, ACTION, VaultRules.next(secret, next, false, atMicros))) {
            LOG.infof(
                    "Secret turned: tenant=%s stream=%s version=%d",
                    due.tenant(), Names.secret(due.secret()).value(), next.number());
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
