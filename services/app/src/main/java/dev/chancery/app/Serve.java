package dev.chancery.app;

import dev.chancery.app.configuration.ChanceryConfig;
import dev.chancery.app.configuration.Datasources;
import dev.chancery.app.configuration.KafkaFiles;
import dev.chancery.app.configuration.Sealers;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.feature.CheckpointLimit;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.keyring.Sealer;
import io.quarkus.runtime.Quarkus;
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
import java.util.stream.Collectors;

/** Runs the application of a process's roles, until it is told to stop. Says READY once it serves; health tells whether it does so well. */
public final class Serve implements QuarkusApplication {
    private static final long STOP_SECONDS = 60;

    @Inject
    HttpFront front;

    @Inject
    Datasources datasources;

    /** Kafka's settings, as the Quarkus extension makes them of the {@code kafka.*} properties. */
    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> broker;

    /** What a process was given, checked and read. */
    record Start(Set<ProcessRole> roles, ChanceryConfig config, Optional<Sealer> sealer) {
        /** @throws Unusable if the roles and what they were given don't go together */
        static Start of(Set<ProcessRole> roles, ChanceryConfig.Read read) {
            ChanceryConfig config = read.config();
            if (!config.instanceId().matches("ch-[0-9a-f]{16}")) {
                throw new Unusable("chancery.instance-id is ch- and 16 hexadecimal digits, e.g. ch-"
                        + "0123456789abcdef; it never changes once something was written");
            }
            if (!config.process().matches("[a-z0-9.-]{1,63}")) {
                throw new Unusable("chancery.process is 1 to 63 lower-case letters, digits, dots and hyphens");
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
            return new Start(roles, config, Sealers.of(config));
        }

        Settings settings(Datasources datasources, Map<String, Object> broker) {
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

        String ready() {
            String address = config.http().host() + ":" + config.http().port();
            var where = Json.createObjectBuilder()
                    .add(
                            "role",
                            roles.stream()
                                    .map(role -> role.name().toLowerCase(Locale.ROOT))
                                    .sorted()
                                    .collect(Collectors.joining(",")))
                    .add("http", scheme(config.http().certificateFile().isPresent()) + address)
                    .add("grpc", address);
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
        var stopped = new CountDownLatch(1);
        holdExit(stopped);
        Start start = Main.prepared();
        try (var application = new Application(start.settings(datasources, broker))) {
            front.open(application);
            System.out.println("READY " + start.ready());
            System.out.flush();
            Quarkus.waitForExit();
            return 0;
        } catch (RuntimeException e) {
            return Main.complain(e);
        } finally {
            stopped.countDown();
        }
    }

    /** A signal ends the virtual machine once everything here is closed, or after a minute. */
    private static void holdExit(CountDownLatch stopped) {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
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
