package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionWithdrawn;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Has rotators make the versions that they are asked for, and take back those that are over, whatever ended them: a window, a writer, a leak. That
 * a version is asked for, or over, is durable before. The list says what there is to do, the log whether it still is. A process that dies between
 * a rotator's answer and the record asks again, and so does another one that is at it at the same time: a rotator answers the same for the same
 * request.
 *
 * <p><b>Thread safety:</b> safe; several processes may do this at once: one of them records it.
 *
 * <p><b>Limits:</b> {@value #MAX_AT_ONCE} requests at once, {@value #MAX_OF_ONE} of an organisation; what a rotator does not make is left alone for
 * {@value Rotations#REST_SECONDS} seconds, what it does not take back for {@value #WITHDRAW_REST_SECONDS}, and neither holds up anything else.
 */
final class IssuerRounds implements AutoCloseable {
    static final String RECEIVE = "vault.secret.receive";
    static final String WITHDRAW = "vault.secret.withdraw";
    static final int MAX_AT_ONCE = 32;
    static final int MAX_OF_ONE = 8;
    static final int WITHDRAW_REST_SECONDS = 30;

    private static final Logger LOG = Logger.getLogger(IssuerRounds.class);
    private static final long INTERVAL_MILLIS = 500;

    private final VaultList list;
    private final VaultLog log;
    private final SecretRing ring;
    private final Issuers issuers;
    private final RoleIssuer roles;
    private final TokenIssuer tokens;
    private final Map<Open, Long> restUntil = new ConcurrentHashMap<>();
    private final Set<Open> working = ConcurrentHashMap.newKeySet();
    private final Map<String, Semaphore> placesOf = new ConcurrentHashMap<>();
    private final Semaphore places = new Semaphore(MAX_AT_ONCE);
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("secret-issuers").factory());

    /** A version that its rotator is to make or to take back. */
    record Open(String tenant, String secret, int version) {}

    IssuerRounds(VaultList list, VaultLog log, SecretRing ring, Issuers issuers, RoleIssuer roles, TokenIssuer tokens) {
        this.list = list;
        this.log = log;
        this.ring = ring;
        this.issuers = issuers;
        this.roles = roles;
        this.tokens = tokens;
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Begins with what there is to do. */
    private void round() {
        try {
            restUntil.values().removeIf(until -> until - System.nanoTime() <= 0);
            for (Open open : list.atIssuers(Clock.nowMicros())) {
                if (!restUntil.containsKey(open)) {
                    begin(open);
                }
            }
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of rotators: cause=%s", e);
        }
    }

    private void begin(Open open) {
        Semaphore places = placesOf.computeIfAbsent(open.tenant(), tenant -> new Semaphore(MAX_OF_ONE));
        if (clock.isShutdown() || !working.add(open)) {
            return;
        }
        if (!places.tryAcquire()) {
            working.remove(open);
            return;
        }
        if (!this.places.tryAcquire()) {
            places.release();
            working.remove(open);
            return;
        }
        workers.execute(() -> {
            try {
                advance(open);
            } finally {
                this.places.release();
                places.release();
                working.remove(open);
            }
        });
    }

    /** What rotators were asked for and have not done; the log says why. */
    int stuck() {
        return restUntil.size();
    }

    /** One step of a version, if there is one; a round's, and a test's. */
    void advance(Open open) {
        int restSeconds = Rotations.REST_SECONDS;
        try {
            Loaded<Secret> loaded = log.secret(open.tenant(), open.secret());
            Optional<Secret.Version> version = loaded.state().version(open.version());
            Optional<SecretVersionAsked> over = version.flatMap(known -> known.toWithdraw(Clock.nowMicros()));
            if (version.filter(Secret.Version::isAsked).isPresent()) {
                receive(open, loaded, version.get().issue().orElseThrow().asked());
            } else if (over.isPresent()) {
                restSeconds = WITHDRAW_REST_SECONDS;
                withdraw(open, loaded, over.get());
            }
        } catch (IssuerRefused e) {
            rest(open, restSeconds, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            rest(open, restSeconds, e.toString());
        }
    }

    private void rest(Open open, int seconds, String cause) {
        LOG.warnf(
                "A rotator does not make or take back a secret's value: tenant=%s stream=%s version=%d cause=%s",
                open.tenant(), Names.secret(open.secret()).value(), open.version(), cause);
        restUntil.put(open, System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds));
    }

    private void receive(Open open, Loaded<Secret> loaded, SecretVersionAsked asked) throws IssuerRefused {
        if (log.isOver(open.tenant(), loaded.state())) {
            return;
        }
        if (asked.getRotator().hasOauthRefresh()) {
            tokens.receive(open.tenant(), asked, RECEIVE);
            return;
        }
        Optional<String> made =
                switch (asked.getRotator().getKindCase()) {
                    case HTTP_ISSUER -> Optional.of(issuers.make(open.tenant(), asked));
                    case POSTGRES_ROLE -> roles.make(open.tenant(), asked);
                    case OAUTH_REFRESH, KIND_NOT_SET -> throw new IssuerRefused(VaultRejection.ROTATOR.code());
                };
        if (made.isEmpty()) {
            return;
        }
        byte[] value = made.get().getBytes(UTF_8);
        try {
            var written = SecretVersionWritten.newBuilder()
                    .setSecret(open.secret())
                    .setSecretVersion(open.version())
                    .setValue(ring.seal(
                            new SecretPlace(
                                    open.tenant(), Names.environmentOf(open.secret()), open.secret(), open.version()),
                            value))
                    .build();
            record(open, loaded, RECEIVE, VaultRules.written(loaded.state(), written, false, Clock.nowMicros()));
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }

    private void withdraw(Open open, Loaded<Secret> loaded, SecretVersionAsked asked) throws IssuerRefused {
        boolean done =
                switch (asked.getRotator().getKindCase()) {
                    case HTTP_ISSUER -> {
                        issuers.takeBack(open.tenant(), asked);
                        yield true;
                    }
                    case POSTGRES_ROLE -> roles.takeBack(open.tenant(), asked);
                    case OAUTH_REFRESH -> {
                        tokens.takeBack(open.tenant(), asked);
                        yield true;
                    }
                    case KIND_NOT_SET -> throw new IssuerRefused(VaultRejection.ROTATOR.code());
                };
        if (done) {
            record(
                    open,
                    loaded,
                    WITHDRAW,
                    List.of(SecretVersionWithdrawn.newBuilder()
                            .setSecret(open.secret())
                            .setSecretVersion(open.version())
                            .build()));
        }
    }

    /** Not recorded: the secret has moved, or the log takes nothing now. The next round looks again. */
    private void record(Open open, Loaded<Secret> loaded, String action, List<Message> events) {
        if (log.append(open.tenant(), open.secret(), loaded, action, events)) {
            LOG.infof(
                    "A rotator did what it was asked for: tenant=%s stream=%s version=%d action=%s",
                    open.tenant(), Names.secret(open.secret()).value(), open.version(), action);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        workers.shutdownNow();
    }
}
