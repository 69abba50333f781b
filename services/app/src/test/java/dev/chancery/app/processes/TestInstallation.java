package dev.chancery.app.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.Provisioning;
import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.embedded.ServerTls;
import dev.chancery.feature.ProcessRole;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.TransitAccess;
import dev.chancery.keyring.TransitSealer;
import dev.chancery.testkit.TestAuthority;
import dev.chancery.testkit.TransitServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * An installation as an operator sets it up: PostgreSQL and Kafka that take clients by their certificates alone, and a process for each
 * role, with its own files and nothing of the others'. The servers run here, the processes are real ones.
 */
final class TestInstallation implements AutoCloseable {
    static final String PUBLIC_URL = "https://chancery.test";
    /** Six processes start at once, on a machine that may do other things. */
    static final Duration START_LIMIT = Duration.ofMinutes(5);

    private static final String DATABASE = "chancery";
    private static final int FIRST_PORT = 20_000;
    private static final int PORTS = 10_000;

    private final Path directory;
    private final TestAuthority authority;
    private final Map<DatabaseRole, String> passwords = new ConcurrentHashMap<>();
    private final EmbeddedPostgres postgres;
    private final EmbeddedKafka kafka;
    private final TransitServer transit;
    private final Map<String, Member> members = new ConcurrentHashMap<>();

    /** How a process that was not to stay ended. */
    record Ended(int exitCode, String err) {}

    TestInstallation(Path directory) throws Exception {
        this.directory = Files.createDirectories(directory.toAbsolutePath());
        this.authority = new TestAuthority(this.directory.resolve("authority"));
        var server = authority.issue("server");
        var tls = new ServerTls(server.certificate(), server.key(), authority.certificate());
        this.postgres = EmbeddedPostgres.start(this.directory.resolve("postgres"), 0, "superuser", tls);
        this.kafka = EmbeddedKafka.start(this.directory.resolve("kafka"), 0, why -> {}, tls);
        try (Connection superuser = postgres.superuser("postgres")) {
            Provisioning.createDatabase(superuser, DATABASE);
        }
        try (Connection superuser = postgres.superuser(DATABASE)) {
            Provisioning.createRoles(superuser, DATABASE, DatabaseRole.STANDARD, this::password);
        }
        this.transit = new TransitServer(Files.createDirectory(this.directory.resolve("transit")));
        TransitSealer.create(new TransitAccess(
                transit.address(),
                "transit",
                Optional.empty(),
                transit.tokenFile(),
                Optional.of(transit.authorities()),
                Duration.ofSeconds(20),
                "chancery"));
        KeyFileSealer.create(sealer(ProcessRole.LEDGER));
        KeyFileSealer.create(sealer(ProcessRole.EGRESS));
        Path migration = write("migrate", Set.of(DatabaseRole.OWNER), List.of());
        assertThat(run("migrate", migration)).isEqualTo(new Ended(0, ""));
    }

    private String password(DatabaseRole role) {
        return passwords.computeIfAbsent(
                role,
                name -> "of-this-test-" + name + ThreadLocalRandom.current().nextLong());
    }

    /** The key file of a role that has one. */
    Path sealer(ProcessRole role) {
        return directory.resolve(role + ".sealer");
    }

    /**
     * Adds a process, which does not run yet.
     *
     * @param settings of its own, over those that each has
     */
    Member add(String name, ProcessRole role, String... settings) throws IOException {
        List<String> own = new ArrayList<>();
        if (ProcessRole.needSealer(Set.of(role))) {
            own.addAll(
                    role == ProcessRole.CORE
                            ? List.of(
                                    "chancery.sealer-transit.address=" + transit.address(),
                                    "chancery.sealer-transit.token-file=" + transit.tokenFile(),
                                    "chancery.sealer-transit.ca-file=" + transit.authorities())
                            : List.of("chancery.sealer-file=" + sealer(role)));
        }
        // One administrator does and asks all that a test wants, and asks again until it is so.
        own.add("chancery.limits.person-commands=none");
        own.add("chancery.limits.person-reads=none");
        if (role == ProcessRole.CORE) {
            own.add("chancery.owner-claim-file=" + directory.resolve(name + ".claim"));
        }
        if (role == ProcessRole.EGRESS) {
            own.add("chancery.egress.port=" + freePort());
        }
        own.addAll(List.of(settings));
        var member = new Member(name, role, write(name, ProcessRole.databaseRoles(Set.of(role)), own));
        members.put(name, member);
        return member;
    }

    /** One configuration file, and a directory with the secrets that it names. */
    private Path write(String name, Set<DatabaseRole> roles, List<String> own) throws IOException {
        Path secrets = Files.createDirectories(directory.resolve(name));
        for (DatabaseRole role : roles) {
            authority.issue(role.roleName(), secrets);
            Path password = Files.writeString(secrets.resolve(role.roleName() + ".password"), password(role) + "\n");
            Files.setPosixFilePermissions(
                    password, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        }
        var identity = authority.issue(name, secrets);
        List<String> lines = new ArrayList<>(List.of(
                "chancery.instance-id=ch-0123456789abcdef",
                "chancery.process=" + name,
                "chancery.public-url=" + PUBLIC_URL,
                "chancery.http.port=" + freePort(),
                "chancery.http.certificate-file=" + identity.certificate(),
                "chancery.http.key-file=" + identity.key(),
                "chancery.database.port=" + postgres.port(),
                "chancery.database.ca-file=" + authority.certificate(),
                "chancery.database.credentials-directory=" + secrets,
                "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
                "chancery.kafka.ca-file=" + authority.certificate(),
                "chancery.kafka.certificate-file=" + identity.certificate(),
                "chancery.kafka.key-file=" + identity.key()));
        lines.addAll(own);
        return Files.write(directory.resolve(name + ".properties"), lines);
    }

    private static int freePort() {
        while (true) {
            int port = FIRST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException e) {
                // Somebody's; the next one.
            }
        }
    }

    /** Runs a process that is to end by itself. */
    Ended run(String role, Path... files) throws Exception {
        Path err = Files.createTempFile(directory, "ended-", ".err");
        Process process = launch(directory.resolve("ended.out"), err, role, files);
        if (!process.waitFor(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly();
            fail("it did not end: %s", Files.readString(err));
        }
        String said = Files.readString(err);
        return new Ended(process.exitValue(), process.exitValue() == 0 ? "" : said);
    }

    private static Process launch(Path out, Path err, String role, Path... files) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-jar",
                Path.of("target", "quarkus-app", "quarkus-run.jar")
                        .toAbsolutePath()
                        .toString(),
                "--role",
                role));
        for (Path file : files) {
            command.add("--config");
            command.add(file.toString());
        }
        return new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(err.toFile()))
                .start();
    }

    /** A process of the installation. */
    final class Member {
        private final String name;
        private final ProcessRole role;
        private final Path file;
        private final String base;
        private volatile Process process;

        private Member(String name, ProcessRole role, Path file) throws IOException {
            this.name = name;
            this.role = role;
            this.file = file;
            this.base = "https://127.0.0.1:" + setting("chancery.http.port");
        }

        private String setting(String name) throws IOException {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(name + "="))
                    .map(line -> line.substring(line.indexOf('=') + 1))
                    .findFirst()
                    .orElseThrow();
        }

        /** Of a process with the role {@code egress}. */
        int proxyPort() throws IOException {
            return Integer.parseInt(setting("chancery.egress.port"));
        }

        String name() {
            return name;
        }

        String base() {
            return base;
        }

        Path file() {
            return file;
        }

        void start() throws IOException {
            process = launch(out(), err(), role.name().toLowerCase(java.util.Locale.ROOT), file);
        }

        private Path out() {
            return directory.resolve(name + ".out");
        }

        Path err() {
            return directory.resolve(name + ".err");
        }

        void awaitReady(TestClient client) throws IOException {
            boolean ready = await(START_LIMIT, () -> !process.isAlive() || client.isReady(base));
            if (!ready || !process.isAlive()) {
                fail("%s is not ready: %s %s", name, client.health(base), Files.readString(err()));
            }
        }

        /** Until it answers, and has no keys. */
        void awaitSealed(TestClient client) throws IOException {
            boolean sealed = await(
                    START_LIMIT, () -> !process.isAlive() || client.health(base).contains("\"sealed\""));
            if (!sealed || !process.isAlive()) {
                fail("%s is not sealed: %s %s", name, client.health(base), Files.readString(err()));
            }
        }

        /** Of a process that is about to end by itself. */
        int awaitEnd() throws IOException {
            if (!await(START_LIMIT, () -> !process.isAlive())) {
                fail("%s does not end: %s", name, Files.readString(err()));
            }
            return process.exitValue();
        }

        void kill() {
            process.destroyForcibly();
            assertThat(await(START_LIMIT, () -> !process.isAlive()))
                    .as("killed")
                    .isTrue();
        }
    }

    /** Waits until a condition holds; whether it came to hold. */
    static boolean await(Duration limit, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** What {@code core} has its keys from; the other roles have key files. */
    TransitServer transit() {
        return transit;
    }

    TestAuthority authority() {
        return authority;
    }

    /** The claim of whichever core began the installation. */
    String claim() throws IOException {
        try (var files = Files.list(directory)) {
            Path claim = files.filter(file -> file.toString().endsWith(".claim"))
                    .findFirst()
                    .orElseThrow();
            return Files.readString(claim).strip();
        }
    }

    List<Path> claims() throws IOException {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".claim")).toList();
        }
    }

    Connection superuser() throws Exception {
        return postgres.superuser(DATABASE);
    }

    /** A connection with a role's password and the files of one process. */
    Connection as(DatabaseRole role, String member) throws Exception {
        Path secrets = directory.resolve(member);
        var properties = new java.util.Properties();
        properties.setProperty("user", role.roleName());
        properties.setProperty("password", password(role));
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", authority.certificate().toString());
        properties.setProperty(
                "sslcert", secrets.resolve(role.roleName() + ".crt").toString());
        properties.setProperty(
                "sslkey", secrets.resolve(role.roleName() + ".key").toString());
        properties.setProperty("pemKeyAlgorithm", "EC");
        return java.sql.DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/" + DATABASE, properties);
    }

    @Override
    public void close() {
        members.values().forEach(member -> {
            Process process = member.process;
            if (process != null) {
                process.destroy();
            }
        });
        members.values().forEach(member -> {
            Process process = member.process;
            if (process != null && !await(Duration.ofSeconds(30), () -> !process.isAlive())) {
                process.destroyForcibly();
            }
        });
        transit.close();
        kafka.close();
        postgres.close();
    }
}
