package dev.chancery.app;

import dev.chancery.app.configuration.ChanceryConfig;
import dev.chancery.app.configuration.Datasources;
import dev.chancery.app.configuration.KafkaFiles;
import dev.chancery.app.configuration.KeySource;
import dev.chancery.app.configuration.Sealers;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.feature.CheckpointLimit;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.keyring.Sealer;
import io.quarkus.runtime.QuarkusApplication;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Runs the application of a process's roles, until it is told to stop or sealed. Says READY once it serves; health tells whether it does so
 * well. While it can't have its keys it says SEALED, and nothing runs but health.
 *
 * <p>A process that is sealed while it runs ends, with {@link Main#SEALED}: what started it starts it again, and the new one stands sealed.
 */
public final class Serve implements QuarkusApplication {
    private static final Logger LOG = Logger.getLogger(Serve.class);
    private static final long STOP_SECONDS = 60;

    /** How often a process looks whether it is sealed, and whether it is still. */
    private static final long LOOK_SECONDS = 1;

    /** Counted down once the process is told to stop. */
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** Counted down once everything is closed. */
    private final CountDownLatch stopped = new CountDownLatch(1);

    @Inject
    HttpFront front;

    @Inject
    Datasources datasources;

    /** Kafka's settings, as the Quarkus extension makes them of the {@code kafka.*} properties. */
    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> broker;

    /**
     * What a process was given, checked and read.
     *
     * @param keys where it has its keys from; empty: its roles need none
     * @param first what the first look for them came to
     */
    record Start(
            Set<ProcessRole> roles,
            ChanceryConfig config,
            Optional<KeySource> keys,
            Optional<KeySource.Attempt> first) {
        /** @throws Unusable if the roles and what they were given don't go together */
        static Start of(Set<ProcessRole> roles, ChanceryConfig.Read read) {
            ChanceryConfig config = read.config();
            if (!config.instanceId().matches("ch-[0-9a-f]{16}")) {
                throw new Unusable("chancery.instance-id is ch- and 16 hexadecimal digits, e.g. ch-"
                        + "0123456789abcdef; it never changes once something was written");
            }
            if (!config.process().matches("[a-z0-9][a-z0-9.-]{0,62}")) {
                throw new Unusable(
                        "chancery.process is 1 to 63 lower-case letters, digits, dots and hyphens, a letter or"
                                + " digit first");
            }
            if (Sealers.isGiven(config) && !ProcessRole.needSealer(roles)) {
                throw new Unusable("these roles hold no keys: leave chancery.sealer-file, chancery.sealer-token and"
                        + " chancery.sealer-transit out, and their files too");
            }
            if (!Sealers.isGiven(config) && ProcessRole.needSealer(roles)) {
                throw new Unusable(
                        "core, ledger and egress need a key file, a token or a transit engine: set chancery.sealer-file,"
                                + " chancery.sealer-token or chancery.sealer-transit");
            }
            if (config.ownerClaimFile().isEmpty() && roles.contains(ProcessRole.CORE)) {
                throw new Unusable("core needs a place for the owner claim: set chancery.owner-claim-file");
            }
            // What is wrong with it is said before anything starts.
            KafkaFiles.client(config.kafka(), KafkaFiles.named(read.properties()));
            Optional<KeySource> keys = Sealers.of(config);
            return new Start(roles, config, keys, keys.map(KeySource::attempt));
        }

        Settings settings(Datasources datasources, Map<String, Object> broker, Optional<Sealer> sealer) {
            // One process, one certificate: its roles share what it may do.
            Properties client = KafkaFiles.client(config.kafka(), broker);
            return new Settings(
                    roles,
                    config.instanceId(),
                    config.process(),
                    config.publicUrl(),
                    datasources.database(config.database().poolSize(), ProcessRole.databaseRoles(roles)),
                    sealer,
                    role -> client,
                    config.ownerClaimFile().orElse(Path.of("no-claim")),
                    () -> {},
                    ChanceryConfig.options(config.relay(), config.database().name()),
                    ChanceryConfig.options(config.projection()),
                    config.relay().maxSlotBytes(),
                    new CheckpointLimit(config.ledger().staleAfter()),
                    config.ledger().mode(),
                    ChanceryConfig.limits(config.sessions()),
                    new ErasureHorizon(config.retention().horizon()),
                    ChanceryConfig.options(config.egress(), config.http()),
                    ChanceryConfig.options(config.holders()),
                    ChanceryConfig.options(config.leases()),
                    ChanceryConfig.options(config.limits()),
                    ChanceryConfig.options(config.notices()),
                    List::of,
                    Optional::empty);
        }

        /** Where the process is to be found. */
        String address() {
            String port = config.http().host() + ":" + config.http().port();
            var where = Json.createObjectBuilder()
                    .add(
                            "role",
                            roles.stream()
                                    .map(role -> role.name().toLowerCase(Locale.ROOT))
                                    .sorted()
                                    .collect(Collectors.joining(",")))
                    .add("http", scheme(config.http().certificateFile().isPresent()) + port)
                    .add("grpc", port);
            if (roles.contains(ProcessRole.EGRESS)) {
                ProxyOptions proxy = ChanceryConfig.options(config.egress(), config.http());
                where.add("proxy", scheme(proxy.tls().isPresent()) + proxy.host() + ":" + proxy.port());
            }
            return where.build().toString();
        }

        private static String scheme(boolean tls) {
            return tls ? "https://" : "http://";
        }
    }

    @Override
    public int run(String... arguments) {
        Logs.redact();
        holdExit();
        try {
            return serve(Main.prepared());
        } catch (RuntimeException e) {
            return Main.complain(e);
        } finally {
            stopped.countDown();
        }
    }

    private int serve(Start start) {
        boolean isSealed =
                start.first().filter(KeySource.Attempt.Sealed.class::isInstance).isPresent();
        if (isSealed) {
            front.is(HttpFront.Seal.SEALED);
            say("SEALED", start);
        }
        Optional<Sealer> sealer = Optional.empty();
        if (start.first().isPresent()) {
            sealer = awaitKeys(start.keys().orElseThrow(), start.first().get());
            if (sealer.isEmpty()) {
                return 0;
            }
        }
        if (isSealed) {
            front.is(HttpFront.Seal.UNSEALING);
        }
        try (var application = new Application(start.settings(datasources, broker, sealer))) {
            front.open(application);
            // Nobody is answered by keys whose return is not in the log.
            if (isSealed && !untilRecorded(application.seals())) {
                return 0;
            }
            front.is(HttpFront.Seal.OPEN);
            say("READY", start);
            return untilSealed(start.keys(), application) ? Main.SEALED : 0;
        }
    }

    private static void say(String what, Start start) {
        System.out.println(what + " " + start.address());
        System.out.flush();
    }

    /** Looks until the keys are there; empty: the process was told to stop. */
    private Optional<Sealer> awaitKeys(KeySource keys, KeySource.Attempt first) {
        KeySource.Attempt attempt = first;
        String said = "";
        while (attempt instanceof KeySource.Attempt.Sealed(String why)) {
            if (!why.equals(said)) {
                LOG.warnf("Sealed: %s", why);
                said = why;
            }
            if (isStopping()) {
                return Optional.empty();
            }
            attempt = keys.attempt();
        }
        return Optional.of(((KeySource.Attempt.Opened) attempt).sealer());
    }

    /** False: the process was told to stop before the log took it. */
    private boolean untilRecorded(SealRecord seals) {
        while (!seals.unsealed()) {
            if (isStopping()) {
                return false;
            }
        }
        LOG.warn("Unsealed");
        return true;
    }

    /** Serves. False: it was told to stop. While the log does not take that it is sealed, it is not: that is tried again. */
    private boolean untilSealed(Optional<KeySource> keys, Application application) {
        while (!isStopping()) {
            if (keys.filter(KeySource::isMarked).isPresent()
                    && application.seals().sealed()) {
                front.is(HttpFront.Seal.SEALING);
                LOG.warn("Sealed by an operator: the process ends");
                endInTime();
                return true;
            }
        }
        return false;
    }

    /** Whether the process was told to stop, within a second. */
    private boolean isStopping() {
        try {
            return stopping.await(LOOK_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** The keys go within a minute, whatever does not close. */
    private static void endInTime() {
        Thread.ofPlatform().daemon().name("chancery-last-exit").start(() -> {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(STOP_SECONDS));
            Runtime.getRuntime().halt(Main.SEALED);
        });
    }

    /** A signal ends the virtual machine once everything here is closed, or after a minute. */
    private void holdExit() {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            stopping.countDown();
            try {
                if (!stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                    System.err.println(
                            "chancery: stopped before everything was closed; the next start goes on from there");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }
}
