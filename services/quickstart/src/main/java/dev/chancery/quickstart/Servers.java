package dev.chancery.quickstart;

import dev.chancery.app.KafkaGrants;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.Provisioning;
import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.Sealer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * The PostgreSQL and the Kafka of a data directory. They start side by side: {@link #start} returns when PostgreSQL serves, and whoever
 * asks for Kafka waits for it, so the database's migrations run while Kafka still starts.
 */
final class Servers implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Servers.class);
    static final String DATABASE = "chancery";
    static final int CONNECTIONS_A_ROLE = 10;

    private static final Duration EXIT_LIMIT = Duration.ofSeconds(10);

    private final EmbeddedPostgres postgres;
    private final FutureTask<EmbeddedKafka> kafka;
    private final DatabaseAccess access;
    private final Sealer sealer;

    private Servers(EmbeddedPostgres postgres, FutureTask<EmbeddedKafka> kafka, DatabaseAccess access, Sealer sealer) {
        this.postgres = postgres;
        this.kafka = kafka;
        this.access = access;
        this.sealer = sealer;
    }

    /** Starts both; an orphan of a killed process is stopped first. Passwords are derived from the sealer and kept nowhere. */
    static Servers start(DataDirectory data) {
        Function<DatabaseRole, String> passwords = role -> data.sealer().derive("postgres/" + role.roleName());
        EmbeddedPostgres.requireIntact(data.postgres());
        var kafka = new FutureTask<>(() -> kafka(data));
        Thread.ofPlatform().daemon().name("kafka-start").start(kafka);
        try {
            EmbeddedPostgres postgres =
                    EmbeddedPostgres.start(data.postgres(), 0, data.sealer().derive("postgres/superuser"));
            try {
                postgres.supervise(line -> LOG.warn(line));
                provision(postgres, passwords);
                return new Servers(
                        postgres,
                        kafka,
                        DatabaseAccess.byPassword("127.0.0.1", postgres.port(), DATABASE, passwords),
                        data.sealer());
            } catch (RuntimeException | Error e) {
                postgres.close();
                throw e;
            }
        } catch (RuntimeException | Error e) {
            close(kafka);
            throw e;
        }
    }

    /** One user for each role, with the rights that its parts need. */
    static EmbeddedKafka kafka(DataDirectory data) {
        Map<String, String> passwords = KafkaUsers.passwords(data.sealer());
        EmbeddedKafka kafka = EmbeddedKafka.start(data.kafka(), 0, Servers::brokerDied, passwords);
        try (var accounts = new KafkaClients(
                        KafkaUsers.client(kafka.bootstrapServers(), EmbeddedKafka.ADMINISTRATOR, data.sealer()))
                .accounts()) {
            accounts.ensure(passwords, KafkaGrants.all());
            return kafka;
        } catch (RuntimeException | Error e) {
            kafka.close();
            throw e;
        }
    }

    private static EmbeddedKafka started(FutureTask<EmbeddedKafka> kafka) {
        try {
            return kafka.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while Kafka starts", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException("Kafka could not start", e.getCause());
        }
    }

    /** Stops Kafka once it has started; what kept it from starting has been told to whoever asked for it. */
    private static void close(FutureTask<EmbeddedKafka> kafka) {
        try {
            started(kafka).close();
        } catch (RuntimeException e) {
            LOG.debugf("Kafka was not running: cause=%s", e.getClass().getName());
        }
    }

    /**
     * A broker that ends itself takes the instance with it: what started it can start it again, on the same directory. Not all of what an
     * orderly stop waits for can end without a broker or on a full disk, so that is cut short: the next start finds everything all the same.
     */
    private static void brokerDied(String why) {
        LOG.errorf("Kafka ended: %s", why);
        Thread.ofPlatform().start(() -> System.exit(1));
        Thread.ofPlatform().daemon().name("chancery-last-exit").start(() -> {
            LockSupport.parkNanos(EXIT_LIMIT.toNanos());
            Runtime.getRuntime().halt(1);
        });
    }

    private static void provision(EmbeddedPostgres postgres, Function<DatabaseRole, String> passwords) {
        try (Connection server = postgres.superuser("postgres")) {
            Provisioning.createDatabase(server, DATABASE);
        } catch (SQLException e) {
            throw new Unusable("PostgreSQL does not take the first connection: SQLSTATE " + e.getSQLState());
        }
        try (Connection server = postgres.superuser(DATABASE)) {
            Provisioning.createRoles(server, DATABASE, FeatureDescription.databaseRoles(), passwords);
        } catch (SQLException e) {
            throw new Unusable("PostgreSQL refuses to make the roles: SQLSTATE " + e.getSQLState());
        }
    }

    int postgresPort() {
        return postgres.port();
    }

    DatabaseAccess access() {
        return access;
    }

    /** With pools of its own, for what runs without Quarkus; closed by the caller. */
    Database pooled() {
        return Database.pooled(access, CONNECTIONS_A_ROLE);
    }

    String bootstrapServers() {
        return started(kafka).bootstrapServers();
    }

    Properties kafkaClient(ProcessRole role) {
        return KafkaUsers.client(bootstrapServers(), KafkaGrants.user(role), sealer);
    }

    Properties kafkaClient(String user) {
        return KafkaUsers.client(bootstrapServers(), user, sealer);
    }

    /** What a consumer on this machine connects with, in the form that Kafka's own tools read; for who owns the directory alone. */
    void writeReader(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var writer = Files.newBufferedWriter(file)) {
            KafkaUsers.client(bootstrapServers(), KafkaGrants.READER, sealer).store(writer, null);
        }
    }

    @Override
    public void close() {
        close(kafka);
        postgres.close();
    }
}
