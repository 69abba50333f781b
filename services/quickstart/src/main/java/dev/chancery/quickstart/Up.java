package dev.chancery.quickstart;

import dev.chancery.app.Application;
import dev.chancery.app.HttpFront;
import dev.chancery.app.Logs;
import dev.chancery.app.Settings;
import dev.chancery.app.configuration.ChanceryConfig;
import dev.chancery.app.configuration.Datasources;
import dev.chancery.app.configuration.Loopback;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.feature.CheckpointLimit;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.HolderOptions;
import dev.chancery.feature.LeaseOptions;
import dev.chancery.feature.LedgerMode;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.feature.SessionLimits;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.relay.RelayOptions;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.ConfigProvider;

/** {@code chancery up}: servers, application, READY, until it is told to stop. */
public final class Up implements QuarkusApplication {
    /** There is but one. */
    private static final String PROCESS = "quickstart";

    /** Half of what the embedded PostgreSQL lets a slot hold back. */
    private static final long MAX_SLOT_BYTES = 2L << 30;

    private static final long STOP_SECONDS = 60;
    private static final long HEALTH_SECONDS = 60;

    @Inject
    HttpFront doors;

    @Inject
    Datasources datasources;

    @Override
    public int run(String... arguments) {
        Logs.redact();
        Options options = Options.parse(arguments);
        var stopped = new CountDownLatch(1);
        holdExit(stopped);
        try {
            return serve(options);
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
                            "chancery: stopped before everything was closed; the next start finds it all the same");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    private int serve(Options options) {
        try (Started started = Started.taken()) {
            DataDirectory data = started.data();
            Servers servers = started.servers();
            String http = "http://127.0.0.1:" + started.port();
            var proxyPort = new AtomicInteger();
            Database database =
                    datasources.database(Servers.CONNECTIONS_A_ROLE, ProcessRole.databaseRoles(ProcessRole.ALL));
            try (KeyCopies copies = KeyCopies.of(options, data, servers);
                    var application = new Application(new Settings(
                            ProcessRole.ALL,
                            data.instanceId(),
                            PROCESS,
                            http,
                            database,
                            Optional.of(data.sealer()),
                            servers::kafkaClient,
                            data.claim(),
                            () -> forgetClaim(data, servers, http, proxyPort),
                            RelayOptions.defaults(Servers.DATABASE),
                            ProjectionOptions.defaults(),
                            MAX_SLOT_BYTES,
                            CheckpointLimit.DEFAULT,
                            mode(),
                            SessionLimits.DEFAULT,
                            horizon(),
                            ProxyOptions.local(proxyPort::set),
                            holders(),
                            leases(),
                            LocalLimits.options(),
                            ChanceryConfig.localNotices(),
                            copies::warnings,
                            started.space()))) {
                doors.serveOnly(Loopback::isNamed);
                doors.open(application);
                awaitHealth(application, data.directory());
                copies.start(database);
                ready(data, servers, http, proxyPort);
                Quarkus.waitForExit();
            }
            return 0;
        } catch (RuntimeException e) {
            return Main.complain(e, options.data());
        } catch (IOException e) {
            return Main.complain(
                    new Unusable("can't write to the data directory: " + DataDirectory.reason(e)), options.data());
        }
    }

    /** Another than the default is for trying erasures out: -Dchancery.retention.horizon=PT10S, or CHANCERY_RETENTION_HORIZON. */
    private static ErasureHorizon horizon() {
        return ConfigProvider.getConfig()
                .getOptionalValue("chancery.retention.horizon", Duration.class)
                .map(ErasureHorizon::new)
                .orElse(ErasureHorizon.DEFAULT);
    }

    /** Addresses are hidden by -Dchancery.ledger.mode=privacy-enhanced, or CHANCERY_LEDGER_MODE. */
    private static LedgerMode mode() {
        return ConfigProvider.getConfig()
                .getOptionalValue("chancery.ledger.mode", LedgerMode.class)
                .orElse(LedgerMode.STANDARD);
    }

    /** A system beside the instance is for trying requests of subjects out: -Dchancery.holders.loopback=true, or CHANCERY_HOLDERS_LOOPBACK. */
    private static HolderOptions holders() {
        return HolderOptions.local(ConfigProvider.getConfig()
                .getOptionalValue("chancery.holders.loopback", Boolean.class)
                .orElse(false));
    }

    /** A database beside the instance is for trying credentials out: -Dchancery.leases.networks=127.0.0.0/8, or CHANCERY_LEASES_NETWORKS. */
    private static LeaseOptions leases() {
        return new LeaseOptions(
                ConfigProvider.getConfig()
                        .getOptionalValues("chancery.leases.networks", String.class)
                        .orElse(List.of()),
                Optional.empty());
    }

    /** READY is said once everything runs: relay, views, ledger, decisions. */
    private static void awaitHealth(Application application, Path data) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HEALTH_SECONDS);
        while (!application.complaints().isEmpty()) {
            if (System.nanoTime() > deadline) {
                throw new Unusable("started, but " + String.join("; ", application.complaints())
                        + "; if Kafka lacks something, `./chancery repair --data " + data + "` names it");
            }
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void ready(DataDirectory data, Servers servers, String http, AtomicInteger proxyPort)
            throws IOException {
        String where = where(data, servers, http, proxyPort);
        servers.writeReader(data.readerFile());
        DataDirectory.write(data.runFile(), where + "\n");
        System.out.println("READY " + where);
        System.out.flush();
    }

    /** Where the instance is to be found, and its claim for as long as there is one. */
    private static String where(DataDirectory data, Servers servers, String http, AtomicInteger proxyPort) {
        var where = Json.createObjectBuilder()
                .add("http", http)
                .add("grpc", http.substring("http://".length()))
                .add("proxy", "http://127.0.0.1:" + proxyPort.get())
                .add("kafka", servers.bootstrapServers())
                .add("kafkaClientFile", data.readerFile().toString());
        if (Files.exists(data.claim())) {
            where.add("claimFile", data.claim().toString());
        }
        return where.build().toString();
    }

    /** The claim was used: run.json names it no more. Before READY there is nothing to mend. */
    private static void forgetClaim(DataDirectory data, Servers servers, String http, AtomicInteger proxyPort) {
        if (Files.exists(data.runFile())) {
            try {
                DataDirectory.write(data.runFile(), where(data, servers, http, proxyPort) + "\n");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
