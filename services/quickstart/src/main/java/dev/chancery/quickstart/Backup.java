package dev.chancery.quickstart;

import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.embedded.PostgresBackup;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.age.AgeIdentity;
import dev.chancery.keyring.age.AgeRecipient;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * {@code chancery backup}: what an instance needs to come back, in one encrypted file, while it runs or not. That is its PostgreSQL, which has the
 * logs, the views and the ledger, and its format file. Kafka is not in it: it is made anew out of PostgreSQL, or kept as it is. The key file is not
 * in it either, since whoever had both could read what was forgotten since; it is backed up by itself.
 *
 * <p>That it happens is recorded in the installation's log first.
 */
final class Backup {
    /** How long the outcome of a backup may take. */
    private static final long LIMIT_SECONDS = TimeUnit.HOURS.toSeconds(6);

    /** Names in a backup: of the format file, and before those of PostgreSQL's files. */
    static final String FORMAT = "format";

    static final String POSTGRES = "postgres/data/";

    private final Path data;
    private final String instanceId;
    private final Sealer sealer;
    private final Database database;
    private final int port;

    private Backup(Path data, String instanceId, Sealer sealer, Database database, int port) {
        this.data = data;
        this.instanceId = instanceId;
        this.sealer = sealer;
        this.database = database;
        this.port = port;
    }

    /** Answers whether it was done; what keeps it from being done is {@link Unusable}. */
    static boolean run(Options options) {
        try {
            if (options.has("--new-identity")) {
                newIdentity(options.path("--new-identity").orElseThrow());
                return true;
            }
            List<AgeRecipient> recipients = recipients(options);
            Path data = options.data().toAbsolutePath().normalize();
            if (DataDirectory.isHeld(data)) {
                try (Attached running = Attached.to(data)) {
                    new Backup(
                                    data,
                                    running.instanceId(),
                                    running.sealer(),
                                    running.database(),
                                    Attached.postgresPort(data))
                            .run(options, recipients);
                }
            } else {
                try (DataDirectory directory = DataDirectory.open(data, false);
                        Servers servers = Servers.start(directory);
                        Database database = servers.pooled()) {
                    new Backup(data, directory.instanceId(), directory.sealer(), database, servers.postgresPort())
                            .run(options, recipients);
                }
            }
            return true;
        } catch (IOException e) {
            throw new Unusable("no backup was made: " + DataDirectory.reason(e));
        } catch (SQLException e) {
            throw new Unusable("no backup was made: PostgreSQL refuses, SQLSTATE " + e.getSQLState()
                    + "; if another backup runs, wait for its end");
        }
    }

    private static List<AgeRecipient> recipients(Options options) {
        try {
            return options.all("--recipient").stream().map(AgeRecipient::of).toList();
        } catch (IllegalArgumentException e) {
            throw new Unusable(e.getMessage());
        }
    }

    private static void newIdentity(Path file) throws IOException {
        if (Files.exists(file)) {
            throw new Unusable(file + " exists already and is left as it is");
        }
        AgeIdentity identity = AgeIdentity.generate();
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, identity.file());
        System.out.println(identity.recipient().text());
    }

    private void run(Options options, List<AgeRecipient> recipients) throws IOException, SQLException {
        Path file = options.path("--to").orElseThrow().toAbsolutePath().normalize();
        if (file.startsWith(data)) {
            throw new Unusable("a backup in the directory that it is of is lost with it; name another file with --to");
        }
        boolean keyStore = options.has("--only-key-store");
        Instant begun = Instant.now();
        var reasons = new ArrayList<String>();
        reasons.add(keyStore ? "of the key file" : "of PostgreSQL");
        recipients.forEach(recipient -> reasons.add("to " + recipient.text()));
        long bytes;
        try (var record = new InstanceRecord(
                InstanceRecord.Act.BACKUP, database, instanceId, sealer, reasons, LIMIT_SECONDS)) {
            try {
                bytes = keyStore
                        ? BackupFile.write(file, recipients, Files.readAllBytes(DataDirectory.keyFile(data)))
                        : BackupFile.write(file, recipients, BackupFile.signer(sealer, instanceId), this::content);
            } catch (IOException | SQLException | RuntimeException e) {
                record.end(false);
                throw e;
            }
            record.end(true);
        }
        System.out.printf(
                "BACKED UP %s bytes=%d seconds=%.1f%n",
                file, bytes, Duration.between(begun, Instant.now()).toMillis() / 1000.0);
    }

    private BackupManifest content(BackupFile.Writer to) throws IOException, SQLException {
        Instant from = Instant.now();
        try (InputStream format = Files.newInputStream(data.resolve(FORMAT))) {
            to.file(FORMAT, format);
        }
        Map<String, Long> logs;
        List<Integer> keyVersions;
        try (Connection superuser = EmbeddedPostgres.superuser(
                port, sealer.derive("postgres/superuser"), Servers.DATABASE)) {
            logs = logs(superuser);
            PostgresBackup.take(superuser, data.resolve("postgres"), new PostgresBackup.Target() {
                @Override
                public void directory(String name) throws IOException {
                    to.directory(POSTGRES + name);
                }

                @Override
                public void file(String name, InputStream content) throws IOException {
                    to.file(POSTGRES + name, content);
                }
            });
            keyVersions = keyVersions(superuser);
        }
        return new BackupManifest(instanceId, from, keyVersions, logs, Map.of());
    }

    private static Map<String, Long> logs(Connection superuser) throws SQLException {
        var logs = new LinkedHashMap<String, Long>();
        try (var statement = superuser.createStatement();
                var rows = statement.executeQuery("SELECT tenant, next_position FROM log.head ORDER BY tenant")) {
            while (rows.next()) {
                logs.put(rows.getString(1), rows.getLong(2));
            }
        }
        return logs;
    }

    private static List<Integer> keyVersions(Connection superuser) throws SQLException {
        var versions = new ArrayList<Integer>();
        try (var statement = superuser.createStatement();
                var rows = statement.executeQuery(
                        "SELECT DISTINCT sealed_by FROM keyring.tenant_key WHERE state <> 'DESTROYED' ORDER BY 1")) {
            while (rows.next()) {
                versions.add(rows.getInt(1));
            }
        }
        return versions;
    }
}
