package dev.chancery.quickstart;

import dev.chancery.app.KafkaGrants;
import dev.chancery.database.Database;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.age.AgeIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/** What the tests, in their packages, see of the quick start's own classes: the servers and the sealer of an instance that runs. */
public final class InstanceAccess implements AutoCloseable {
    public static final long MIN_FREE_BYTES = SpaceGuard.MIN_FREE_BYTES;

    private final Attached servers;

    private InstanceAccess(Attached servers) {
        this.servers = servers;
    }

    public static InstanceAccess to(Path data) {
        return new InstanceAccess(Attached.to(data));
    }

    public static Sealer sealer(Path data) throws IOException {
        return DataDirectory.identity(data).sealer();
    }

    /** How long each log was when an encrypted copy of the keys was made. */
    public static Map<String, Long> logsOfKeys(Path keys, Path identity, Path keyFile) throws IOException {
        try {
            return BackupFile.verify(
                            keys,
                            BackupManifest.What.KEYS,
                            AgeIdentity.of(Files.readString(identity)),
                            KeyFileSealer.open(keyFile))
                    .logs();
        } catch (SQLException e) {
            throw new IllegalStateException("nothing here asks a database", e);
        }
    }

    public static List<String> backupSteps() {
        return Stream.of(BackupStep.values()).map(Enum::name).toList();
    }

    public static List<String> restoreSteps() {
        return Stream.of(RestoreStep.values()).map(Enum::name).toList();
    }

    public static int postgresPort(Path data) throws IOException {
        return Attached.postgresPort(data);
    }

    /** As the superuser of an instance's PostgreSQL, who sees every row. */
    public static Connection superuser(Path data, String database) throws SQLException {
        try {
            return DriverManager.getConnection(
                    "jdbc:postgresql://127.0.0.1:" + postgresPort(data) + "/" + database,
                    "postgres",
                    sealer(data).derive("postgres/superuser"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Database database() {
        return servers.database();
    }

    /** The client of a downstream consumer. */
    public Properties kafkaClient() {
        return kafkaClient(KafkaGrants.READER);
    }

    public Properties kafkaClient(String user) {
        return servers.kafkaClient(user);
    }

    public String instanceId() {
        return servers.instanceId();
    }

    @Override
    public void close() {
        servers.close();
    }
}
