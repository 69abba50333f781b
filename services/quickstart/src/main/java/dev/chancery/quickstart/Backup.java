package dev.chancery.quickstart;

import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.embedded.PostgresBackup;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.Signer;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * {@code chancery backup}: what an instance needs to come back, in one encrypted file, while it runs or not. That is its PostgreSQL, which has the
 * logs, the views and the ledger, and its format file. Kafka is not in it: it is made anew out of PostgreSQL, or kept as it is. The key file is not
 * in it either, since whoever had both could read what was forgotten since; it is backed up by itself. The keys that it wraps ({@link KeyTables})
 * are, and by themselves too, since they change more often than anybody backs up the rest.
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
    private final Consumer<BackupStep> after;

    private Backup(
            Path data, String instanceId, Sealer sealer, Database database, int port, Consumer<BackupStep> after) {
        this.data = data;
        this.instanceId = instanceId;
        this.sealer = sealer;
        this.database = database;
        this.port = port;
        this.after = after;
    }

    static boolean run(Options options) {
        return run(options, step -> {});
    }

    /**
     * Answers whether it was done; what keeps it from being done is {@link Unusable}.
     *
     * @param after told of each step that is done
     */
    static boolean run(Options options, Consumer<BackupStep> after) {
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
                                    Attached.postgresPort(data),
                                    after)
                            .run(options, recipients);
                }
            } else {
                try (DataDirectory directory = DataDirectory.open(data, false);
                        Servers servers = Servers.start(directory);
                        Database database = servers.pooled()) {
                    new Backup(
                                    data,
                                    directory.instanceId(),
                                    directory.sealer(),
                                    database,
                                    servers.postgresPort(),
                                    after)
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

    /** Those that are given, in order. */
    static List<AgeRecipient> recipients(Options options) {
        try {
            return options.all("--recipient").stream().map(AgeRecipient::of).toList();
        } catch (IllegalArgumentException e) {
            throw new Unusable(String.valueOf(e.getMessage()));
        }
    }

    private static void newIdentity(Path file) throws IOException {
        if (Files.exists(file)) {
            throw new Unusable(file + " exists already and is left as it is");
        }
        AgeIdentity identity = AgeIdentity.generate();
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, identity.file());
        // Before anybody encrypts to it.
        DataDirectory.flush(file);
        DataDirectory.flush(file.toAbsolutePath().resolveSibling(""));
        System.out.println(identity.recipient().text());
    }

    private void run(Options options, List<AgeRecipient> recipients) throws IOException, SQLException {
        Path file = options.path("--to").orElseThrow().toAbsolutePath().normalize();
        if (file.startsWith(data)) {
            throw new Unusable("a backup in the directory that it is of is lost with it; name another file with --to");
        }
        Instant begun = Instant.now();
        Signer signer = BackupFile.signer(sealer, instanceId);
        long bytes;
        if (options.has("--only-key-file")) {
            bytes = recorded(
                    "of the key file",
                    recipients,
                    () -> BackupFile.write(file, recipients, Files.readAllBytes(DataDirectory.keyFile(data))));
        } else if (options.has("--only-keys")) {
            bytes = recorded("of the keys", recipients, () -> BackupFile.write(file, recipients, signer, this::keys));
        } else {
            bytes = recorded(
                    "of PostgreSQL", recipients, () -> BackupFile.write(file, recipients, signer, this::content));
        }
        System.out.printf(
                Locale.ROOT,
                "BACKED UP %s bytes=%d seconds=%.1f%n",
                file,
                bytes,
                Duration.between(begun, Instant.now()).toMillis() / 1000.0);
    }

    private interface Writing {
        long write() throws IOException, SQLException;
    }

    /** Answers how many bytes were written. */
    private long recorded(String what, List<AgeRecipient> recipients, Writing writing)
            throws IOException, SQLException {
        try (var record = new InstanceRecord(
                InstanceRecord.Act.BACKUP, database, instanceId, sealer, reasons(what, recipients), LIMIT_SECONDS)) {
            after.accept(BackupStep.INTENT_RECORDED);
            long bytes;
            try {
                bytes = writing.write();
            } catch (IOException | SQLException | RuntimeException e) {
                try {
                    record.end(false);
                } catch (RuntimeException unrecorded) {
                    // The intent stands, and is abandoned at its deadline.
                    e.addSuppressed(unrecorded);
                }
                throw e;
            }
            after.accept(BackupStep.NAMED);
            record.end(true);
            after.accept(BackupStep.OUTCOME_RECORDED);
            return bytes;
        }
    }

    /** Why a backup is in the log: what it is of, and who can open it. */
    static List<String> reasons(String what, List<AgeRecipient> recipients) {
        return Stream.concat(Stream.of(what), recipients.stream().map(recipient -> "to " + recipient.text()))
                .toList();
    }

    private BackupManifest keys(BackupFile.Writer to) throws IOException, SQLException {
        try (Connection superuser =
                EmbeddedPostgres.superuser(port, sealer.derive("postgres/superuser"), Servers.DATABASE)) {
            return KeyTables.write(superuser, instanceId, to);
        }
    }

    private BackupManifest content(BackupFile.Writer to) throws IOException, SQLException {
        Instant from = Instant.now();
        try (InputStream format = Files.newInputStream(data.resolve(FORMAT))) {
            to.file(FORMAT, format);
        }
        after.accept(BackupStep.BEGUN);
        Map<String, Long> logs;
        BackupManifest.KeyVersions keyVersions;
        try (Connection superuser =
                EmbeddedPostgres.superuser(port, sealer.derive("postgres/superuser"), Servers.DATABASE)) {
            logs = KeyTables.logs(superuser);
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
            keyVersions = KeyTables.keyVersions(superuser);
        }
        after.accept(BackupStep.READ);
        return new BackupManifest(
                BackupManifest.What.INSTANCE, instanceId, from, Instant.now(), keyVersions, logs, Map.of());
    }
}
