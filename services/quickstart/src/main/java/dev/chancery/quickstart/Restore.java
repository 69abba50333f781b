package dev.chancery.quickstart;

import dev.chancery.app.Application;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.embedded.PostgresBackup;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.KeyMissing;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.age.AgeIdentity;
import dev.chancery.keyring.age.AgeInput;
import dev.chancery.log.ServerInStep;
import dev.chancery.projection.ProjectionRepair;
import dev.chancery.quickstart.BackupManifest.What;
import dev.chancery.quickstart.DataDirectory.Restoring;
import dev.chancery.relay.RelayOptions;
import dev.chancery.relay.RelayRefused;
import dev.chancery.relay.TailImport;
import dev.chancery.relay.TopicRepair;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code chancery restore}: makes a data directory of a backup. Before anybody can use that directory,
 *
 * <ol>
 *   <li>the keys become those of a newer copy of them, where there is one;
 *   <li>the records that were appended after the backup come back, out of the Kafka directory that was kept;
 *   <li>keys that were made after the newest copy count as destroyed: what they had sealed is lost, and their owners get new ones;
 *   <li>who was forgotten since is forgotten again: the backup has keys that were destroyed;
 *   <li>all of it is recorded in the installation's log.
 * </ol>
 *
 * <p>Until then the directory says that it is being restored, and nothing starts on it. A restore that was cut short goes on when it is run again.
 */
final class Restore {
    /** What the backup says of itself, until the restore is done. */
    private static final String MANIFEST = "restoring.json";

    /** The same of the newer copy of the keys, once they are in the database. */
    private static final String KEYS = "restoring-keys.json";

    /** The keys that are lost, a line each, until the restore is done: once they count as destroyed, they can't be told from others. */
    private static final String LOST = "restoring.lost";

    private static final byte[] AGE = "age-encryption.org/".getBytes(StandardCharsets.US_ASCII);
    private static final long LIMIT_SECONDS = TimeUnit.HOURS.toSeconds(6);

    private final Options options;
    private final Path directory;
    private final AgeIdentity identity;
    private final Consumer<RestoreStep> after;
    private final Instant begun = Instant.now();

    private Restore(Options options, AgeIdentity identity, Consumer<RestoreStep> after) {
        this.options = options;
        this.directory = options.data().toAbsolutePath().normalize();
        this.identity = identity;
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
    static boolean run(Options options, Consumer<RestoreStep> after) {
        try {
            new Restore(options, identity(options), after).run();
            return true;
        } catch (IOException e) {
            throw new Unusable("not restored: " + DataDirectory.reason(e) + "; once that is mended, run it again");
        } catch (SQLException e) {
            throw new Unusable("not restored: PostgreSQL refuses, SQLSTATE " + e.getSQLState() + "; run it again");
        }
    }

    private static AgeIdentity identity(Options options) throws IOException {
        try {
            return AgeIdentity.of(Files.readString(options.path("--identity").orElseThrow()));
        } catch (IllegalArgumentException e) {
            throw new Unusable(String.valueOf(e.getMessage()));
        }
    }

    private void run() throws IOException, SQLException {
        Optional<Path> kafka = options.path("--log-from").map(Restore::kafkaOf);
        requireNoOrphan();
        var lock = new AtomicReference<FileChannel>();
        try {
            Restoring state = DataDirectory.takeForRestore(directory, lock::set).orElse(Restoring.UNPACKING);
            if (state == Restoring.UNPACKING) {
                unpack(kafka);
            } else {
                System.out.println("going on with the restore that was begun into " + directory
                        + ": the files of its backup and of Kafka are there already");
            }
            try (DataDirectory data = DataDirectory.restored(directory, Objects.requireNonNull(lock.get()))) {
                bringBack(data, kafka.isPresent(), state == Restoring.KEYED);
            }
        } finally {
            FileChannel taken = lock.get();
            if (taken != null) {
                taken.close();
            }
        }
    }

    /**
     * A PostgreSQL that outlived its instance goes on when its directory is moved away, and writes its control file by the path that it was started
     * with: into the new directory.
     */
    private void requireNoOrphan() {
        String data = directory.resolve("postgres").resolve("data").toString();
        ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .arguments()
                        .filter(arguments -> List.of(arguments).containsAll(List.of("-D", data)))
                        .isPresent())
                .filter(process -> !Files.exists(
                        directory.resolve("postgres").resolve("data").resolve("postmaster.pid")))
                .findFirst()
                .ifPresent(process -> {
                    throw new Unusable("a PostgreSQL that was started on " + data + " still runs, as process "
                            + process.pid() + ", and would write into the restored one; end it first");
                });
    }

    /** A Kafka directory itself, or that of a data directory. */
    private static Path kafkaOf(Path given) {
        for (Path kafka : List.of(given.resolve("kafka"), given)) {
            if (Files.exists(kafka.resolve("data").resolve("meta.properties"))) {
                if (DataDirectory.isHeld(kafka.toAbsolutePath().resolveSibling(""))) {
                    throw new Unusable("an instance runs on " + kafka + "; stop it first");
                }
                return kafka;
            }
        }
        throw new Unusable(given + " is no Kafka directory of a quick start, nor a data directory that has one");
    }

    // Step 1: the files.

    private void unpack(Optional<Path> kafka) throws IOException, SQLException {
        Path backup = options.path("--from").orElseThrow();
        Path keyFile = keyFile();
        try {
            Sealer sealer = KeyFileSealer.open(keyFile);
            BackupManifest said;
            try {
                said = BackupFile.verify(backup, What.INSTANCE, identity, sealer);
            } catch (IOException e) {
                throw unusable(backup, e);
            }
            requireKeys(newerKeys(said, sealer).orElse(said), sealer);
            after.accept(RestoreStep.VERIFIED);
            DataDirectory.restoring(directory, Restoring.UNPACKING);
            after.accept(RestoreStep.MARKED);
            empty();
            BackupManifest placed = BackupFile.read(backup, What.INSTANCE, identity, sealer, this::place);
            Files.write(directory.resolve(MANIFEST), placed.bytes());
            after.accept(RestoreStep.FILES_WRITTEN);
            if (kafka.isPresent()) {
                copy(kafka.get(), directory.resolve("kafka"));
            }
            after.accept(RestoreStep.KAFKA_COPIED);
            PostgresBackup.recoverAtNextStart(directory.resolve("postgres"));
            Path ours = DataDirectory.keyFile(directory);
            if (!keyFile.equals(ours)) {
                Files.move(keyFile, ours, StandardCopyOption.ATOMIC_MOVE);
                DataDirectory.flush(ours.resolveSibling(""));
            }
            after.accept(RestoreStep.KEY_FILE_PLACED);
            DataDirectory.flushAll(directory);
            DataDirectory.restoring(directory, Restoring.UNPACKED);
            after.accept(RestoreStep.UNPACKED);
        } finally {
            if (!keyFile.equals(DataDirectory.keyFile(directory))) {
                Files.deleteIfExists(keyFile);
            }
        }
    }

    /** The key file as it goes with the new directory: there already, or beside its place until the backup was checked with it. */
    private Path keyFile() throws IOException {
        Path ours = DataDirectory.keyFile(directory);
        byte[] given = Files.readAllBytes(options.path("--key-file").orElseThrow());
        try {
            if (given.length >= AGE.length && Arrays.equals(given, 0, AGE.length, AGE, 0, AGE.length)) {
                try (var age = new AgeInput(new ByteArrayInputStream(given), identity)) {
                    given = age.readAllBytes();
                }
            }
            if (Files.exists(ours)) {
                if (!Arrays.equals(Files.readAllBytes(ours), given)) {
                    throw new Unusable(ours + " is there and is not the key file given; name another directory with"
                            + " --data, or move that file away");
                }
                return ours;
            }
            Path beside = ours.resolveSibling(ours.getFileName() + ".restoring");
            Files.deleteIfExists(beside);
            Files.createFile(
                    beside, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (var channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
                channel.write(java.nio.ByteBuffer.wrap(given));
                channel.force(true);
            }
            return beside;
        } finally {
            Arrays.fill(given, (byte) 0);
        }
    }

    /**
     * The copy of the keys that was given, checked.
     *
     * @throws Unusable if it is none, or of no use with the backup
     */
    private Optional<BackupManifest> newerKeys(BackupManifest backup, Sealer sealer) throws SQLException {
        Optional<Path> file = options.path("--keys");
        if (file.isEmpty()) {
            return Optional.empty();
        }
        BackupManifest keys;
        try {
            keys = BackupFile.verify(file.get(), What.KEYS, identity, sealer);
        } catch (IOException e) {
            throw unusable(file.get(), e);
        }
        if (!keys.instance().equals(backup.instance())) {
            throw new Unusable("not restored: " + file.get() + " is of another instance than the backup");
        }
        if (keys.from().isBefore(backup.until())) {
            throw new Unusable("not restored: " + file.get() + " is older than the backup, which has newer keys; leave"
                    + " --keys out");
        }
        return Optional.of(keys);
    }

    private static Unusable unusable(Path file, IOException why) {
        return new Unusable("not restored: " + file + ": " + DataDirectory.reason(why)
                + "; give another copy of it, or the" + " --identity and the --key-file that go with it");
    }

    /** What sealed the backup's keys may be gone for ever, and that may be what somebody wanted. */
    private static void requireKeys(BackupManifest said, Sealer sealer) {
        requireVersions(said.keyVersions().ring(), sealer.ring());
        requireVersions(said.keyVersions().installationRing(), sealer.installationRing());
    }

    private static void requireVersions(List<Integer> versions, Sealer.Ring ring) {
        for (int version : versions) {
            try {
                ring.wrap(version, new byte[32], new byte[0]);
            } catch (KeyDestroyed e) {
                throw unreadable();
            } catch (KeyMissing e) {
                throw new Unusable(
                        "nothing was restored: this key file is older than the keys, which an erasure or a rotation"
                                + " has had sealed by a newer one since; give a newer copy of it with --key-file");
            }
        }
    }

    private static Unusable unreadable() {
        return new Unusable(
                "nothing was restored: this key file no longer has the key that sealed this backup's keys."
                        + " An erasure was completed since, which destroys it so that no older backup opens what was forgotten, or"
                        + " the sealer's key was turned. Give a copy of the keys from after that with --keys, or take a backup that was made after that");
    }

    private void empty() throws IOException {
        try (var entries = Files.list(directory)) {
            for (Path entry : entries.toList()) {
                String name = entry.getFileName().toString();
                if (!name.equals("lock") && !name.startsWith("restoring")) {
                    delete(entry);
                }
            }
        }
    }

    private static void delete(Path root) throws IOException {
        try (var paths = Files.walk(root)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private void place(String name, InputStream content) throws IOException {
        Path path = directory.resolve(name).normalize();
        if (!path.startsWith(directory) || !(name.equals(Backup.FORMAT) || name.startsWith(Backup.POSTGRES))) {
            throw new IOException("it holds a file that is not of a backup");
        }
        Path parent = name.endsWith("/") ? path : path.resolveSibling("");
        Files.createDirectories(
                parent, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (!name.endsWith("/")) {
            Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (var channel = FileChannel.open(path, StandardOpenOption.WRITE);
                    var out = java.nio.channels.Channels.newOutputStream(channel)) {
                content.transferTo(out);
                channel.force(true);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(each)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path each, BasicFileAttributes attributes) throws IOException {
                Files.copy(each, to.resolve(from.relativize(each)));
                return FileVisitResult.CONTINUE;
            }
        });
    }

    // Step 2: what happened since. Each part can be done again.

    private void bringBack(DataDirectory data, boolean withTail, boolean keyed) throws IOException, SQLException {
        try (Servers servers = Servers.start(data);
                Database database = servers.pooled();
                Connection superuser = EmbeddedPostgres.superuser(
                        servers.postgresPort(), data.sealer().derive("postgres/superuser"), Servers.DATABASE)) {
            PostgresBackup.recovered(data.postgres());
            Application.migrate(database);
            BackupManifest backup = BackupManifest.of(Files.readAllBytes(directory.resolve(MANIFEST)));
            after.accept(RestoreStep.SERVERS_STARTED);
            if (!keyed) {
                replaceKeys(backup, data.sealer(), superuser);
            }
            requireKeys(database, data);
            List<String> said = new ArrayList<>();
            said.add("keys: as of " + newest(backup).until());
            if (withTail) {
                tail(data, servers, database, superuser, backup, said);
            } else {
                withoutTail(servers, database, backup, said);
            }
            KeyTables.dropNamesOfNobody(superuser);
            ServerInStep.adopt(database);
            after.accept(RestoreStep.APPENDS_LET_IN);
            try (var record = new InstanceRecord(
                    InstanceRecord.Act.RESTORE, database, data.instanceId(), data.sealer(), said, LIMIT_SECONDS)) {
                after.accept(RestoreStep.INTENT_RECORDED);
                try {
                    said.addAll(destroyAgain(database, data.sealer()));
                } catch (RuntimeException e) {
                    record.end(false);
                    throw e;
                }
                after.accept(RestoreStep.FORGOTTEN_AGAIN);
                record.end(true);
            }
            after.accept(RestoreStep.OUTCOME_RECORDED);
            said.forEach(System.out::println);
        }
        after.accept(RestoreStep.STOPPED);
        DataDirectory.endRestoring(directory);
        after.accept(RestoreStep.UNMARKED);
        Files.deleteIfExists(directory.resolve(MANIFEST));
        Files.deleteIfExists(directory.resolve(KEYS));
        Files.deleteIfExists(directory.resolve(LOST));
        System.out.printf(
                Locale.ROOT,
                "RESTORED %s seconds=%.1f%n",
                directory,
                Duration.between(begun, Instant.now()).toMillis() / 1000.0);
    }

    /** Once: later the keys are this directory's own, and newer than those of the copy. */
    private void replaceKeys(BackupManifest backup, Sealer sealer, Connection superuser)
            throws IOException, SQLException {
        Files.deleteIfExists(directory.resolve(KEYS));
        Optional<BackupManifest> keys = newerKeys(backup, sealer);
        if (keys.isPresent()) {
            KeyTables.replace(superuser, options.path("--keys").orElseThrow(), identity, sealer);
            Files.write(directory.resolve(KEYS), keys.get().bytes());
        }
        after.accept(RestoreStep.KEYS_REPLACED);
        DataDirectory.restoring(directory, Restoring.KEYED);
        after.accept(RestoreStep.KEYED);
    }

    /** What the keys were taken from. */
    private BackupManifest newest(BackupManifest backup) throws IOException {
        Path keys = directory.resolve(KEYS);
        return Files.exists(keys) ? BackupManifest.of(Files.readAllBytes(keys)) : backup;
    }

    private static void requireKeys(Database database, DataDirectory data) {
        try {
            new Keyring(database, data.sealer()).keyedHash(Principal.INSTANCE, "restore", new byte[0]);
        } catch (KeyDestroyed e) {
            throw unreadable();
        }
    }

    private void tail(
            DataDirectory data,
            Servers servers,
            Database database,
            Connection superuser,
            BackupManifest backup,
            List<String> said)
            throws IOException, SQLException {
        var tail = new TailImport(
                database,
                superuser,
                servers.kafkaClient(EmbeddedKafka.ADMINISTRATOR),
                RelayOptions.defaults(Servers.DATABASE));
        List<String> problems = imported(tail);
        after.accept(RestoreStep.TAIL_IMPORTED);
        var lostKeys = new LostKeys(database, new Keyring(database, data.sealer()));
        Path file = directory.resolve(LOST);
        var lost = new TreeSet<>(Files.exists(file) ? Files.readAllLines(file) : List.of());
        for (Map.Entry<String, Long> log : logs(database).entrySet()) {
            long first = backup.logs().getOrDefault(log.getKey(), 0L);
            if (log.getValue() > first) {
                said.add("log " + log.getKey() + ": records " + first + " to " + (log.getValue() - 1) + " are back");
                lostKeys.find(log.getKey(), first).forEach(key -> lost.add(key.line()));
            }
        }
        DataDirectory.write(file, lost.stream().map(line -> line + "\n").collect(Collectors.joining()));
        after.accept(RestoreStep.LOST_KEYS_NAMED);
        List<LostKeys.Lost> keys = lost.stream().map(LostKeys.Lost::of).toList();
        lostKeys.replace(keys);
        after.accept(RestoreStep.LOST_KEYS_REPLACED);
        said.addAll(told(keys));
        List<String> missing = missing(database, newest(backup));
        said.addAll(problems);
        said.addAll(missing);
        if (!problems.isEmpty() || !missing.isEmpty()) {
            if (!options.has("--accept-loss")) {
                said.forEach(System.out::println);
                throw new Unusable("not restored: "
                        + (problems.isEmpty()
                                ? "the Kafka directory is older than the keys"
                                : "what Kafka has of the logs does not follow on what the backup has")
                        + ", see above; restore into a new --data with a newer --log-from, or run it again with"
                        + " --accept-loss, which goes on without what is missing");
            }
            said.add("what Kafka lacks is accepted as lost");
        }
        said.add("recovery point: "
                + tail.newest()
                        .map(newest -> "the newest record that Kafka has, of " + newest)
                        .orElse("the end of the backup, " + backup.until() + "; Kafka has nothing newer"));
        if (!problems.isEmpty()) {
            startKafkaAgain(servers, database);
        }
    }

    private List<String> imported(TailImport tail) throws SQLException {
        try {
            return tail.run();
        } catch (RelayRefused e) {
            // Without that option it is another instance's; with it, also one that a run before this has begun anew.
            if (options.has("--accept-loss")) {
                return List.of(String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    /** Logs that were longer when the keys were copied than they are now, a line each: an erasure may be among what they lack. */
    private static List<String> missing(Database database, BackupManifest keys) {
        Map<String, Long> logs = logs(database);
        return keys.logs().entrySet().stream()
                .filter(log -> logs.getOrDefault(log.getKey(), 0L) < log.getValue())
                .map(log -> "log " + log.getKey() + ": records " + logs.getOrDefault(log.getKey(), 0L) + " to "
                        + (log.getValue() - 1) + " are missing, and perhaps later ones")
                .toList();
    }

    /** Whose keys are lost, a line for each, and how many. */
    private static List<String> told(List<LostKeys.Lost> lost) {
        Map<String, Long> owners = lost.stream()
                .collect(Collectors.groupingBy(
                        key -> "log " + key.tenant() + ": "
                                + (key.subject().isEmpty() ? "what is about nobody" : "subject " + key.subject()),
                        TreeMap::new,
                        Collectors.counting()));
        return Stream.concat(
                        owners.entrySet().stream()
                                .map(owner ->
                                        owner.getKey() + ": what was sealed by keys newer than that is lost, keys: "
                                                + owner.getValue()),
                        Stream.of("keys that are lost: " + lost.size() + ", of " + owners.size() + " owners"))
                .toList();
    }

    /** Says what is not there: nobody knows how long the logs had become. */
    private void withoutTail(Servers servers, Database database, BackupManifest backup, List<String> said) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var query = connection.prepareStatement(
                            "SELECT tenant, next_position, recorded_at_micros FROM log.head ORDER BY tenant");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    said.add("log " + rows.getString(1) + ": everything from record " + rows.getLong(2)
                            + " on is missing, if there was anything; the last one is of "
                            + Instant.EPOCH.plus(rows.getLong(3), ChronoUnit.MICROS));
                }
            }
            return said;
        });
        said.add("recovery point: the end of the backup, " + backup.until()
                + "; what was recorded since is accepted as lost");
        startKafkaAgain(servers, database);
    }

    /** The relay makes the topic anew and sends every record of every log, and views read it from its beginning. */
    private static void startKafkaAgain(Servers servers, Database database) {
        new TopicRepair(
                        database,
                        servers.kafkaClient(EmbeddedKafka.ADMINISTRATOR),
                        RelayOptions.defaults(Servers.DATABASE))
                .forget();
        List<String> tenants = List.copyOf(logs(database).keySet());
        FeatureDescription.all().stream()
                .filter(feature -> feature.projection().isPresent())
                .forEach(feature -> new ProjectionRepair(database, feature.name(), tenants).startAgain());
    }

    /** Records of each log. */
    private static Map<String, Long> logs(Database database) {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var found = new LinkedHashMap<String, Long>();
            try (var query = connection.prepareStatement("SELECT tenant, next_position FROM log.head ORDER BY tenant");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    found.put(rows.getString(1), rows.getLong(2));
                }
            }
            return found;
        });
    }

    private static List<String> destroyAgain(Database database, Sealer sealer) {
        var said = new ArrayList<String>();
        var keyring = new Keyring(database, sealer);
        for (String tenant : logs(database).keySet()) {
            for (FeatureDescription feature : FeatureDescription.all()) {
                said.addAll(feature.destroyAgain(database, keyring, tenant));
            }
        }
        return said;
    }
}
