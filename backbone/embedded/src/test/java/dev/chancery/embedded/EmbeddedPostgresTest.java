package dev.chancery.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.embedded.ServerNotStarted.Reason;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EmbeddedPostgresTest {
    private static final String PASSWORD = "a-password-of-the-test";

    @TempDir
    static Path shared;

    private static EmbeddedPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = EmbeddedPostgres.start(shared.resolve("postgres"), 0, PASSWORD);
    }

    @AfterAll
    static void close() {
        postgres.close();
    }

    @Test
    void anAcknowledgedCommitIsOnDisk() throws SQLException {
        assertThat(show("fsync")).isEqualTo("on");
        assertThat(show("synchronous_commit")).isEqualTo("on");
        assertThat(show("full_page_writes")).isEqualTo("on");
        assertThat(show("data_checksums")).isEqualTo("on");
    }

    @Test
    void theRelayCanReadTheLogAndCannotFillTheDisk() throws SQLException {
        assertThat(show("wal_level")).isEqualTo("logical");
        assertThat(Integer.parseInt(show("max_wal_senders"))).isGreaterThanOrEqualTo(8);
        assertThat(Integer.parseInt(show("max_replication_slots"))).isGreaterThanOrEqualTo(8);
        assertThat(show("max_slot_wal_keep_size")).isEqualTo("4GB");
    }

    @Test
    void onlyTheLoopbackIsServed() throws SQLException {
        assertThat(show("listen_addresses")).isEqualTo("127.0.0.1");
        assertThat(show("unix_socket_directories")).isEmpty();
    }

    @Test
    void everyRoleHasToKnowItsPassword() {
        String url = "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres";

        assertThatThrownBy(() ->
                        DriverManager.getConnection(url, "postgres", "another").close())
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
    }

    @Test
    void neitherAPasswordNorWhatAClientSentIsWrittenAnywhere() throws Exception {
        try (var connection = postgres.superuser("postgres");
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE person (email text PRIMARY KEY)");
            statement.execute("INSERT INTO person VALUES ('ada@example.org')");
            assertThatThrownBy(() -> statement.execute("INSERT INTO person VALUES ('ada@example.org')"))
                    .isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> statement.execute("SELECT 'ada@example.org'::integer"))
                    .isInstanceOf(SQLException.class);
            assertThatThrownBy(
                            () -> statement.execute("DO 'BEGIN RAISE WARNING ''ada@example.org''; PERFORM 1/0; END'"))
                    .isInstanceOf(SQLException.class);
        }

        assertThat(Files.readString(shared.resolve("postgres/postgresql.log")))
                .doesNotContain("ada@", "INSERT", PASSWORD);
        try (var files = Files.walk(shared.resolve("postgres"))) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(path -> path.toString().matches(".*\\.(conf|opts|log|pid)"))
                    .toList()) {
                assertThat(Files.readString(file)).doesNotContain(PASSWORD);
            }
        }
        assertThat(ProcessHandle.of(postgres.pid())
                        .orElseThrow()
                        .info()
                        .commandLine()
                        .orElse(""))
                .doesNotContain(PASSWORD);
    }

    @Test
    void aCommittedRowSurvivesAKillAndAnUncommittedOneDoesNot() throws SQLException {
        int port = postgres.port();
        Connection connection = postgres.superuser("postgres");
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE kept (id integer)");
            statement.execute("INSERT INTO kept VALUES (1)");
            connection.setAutoCommit(false);
            statement.execute("INSERT INTO kept VALUES (2)");
            postgres.kill();
        }
        assertThat(connection.isValid(1)).isFalse();
        assertThat(postgres.isAlive()).isFalse();
        assertThat(new PostgresProcesses(shared.resolve("postgres/data")).alive())
                .isEmpty();

        postgres.restart();

        assertThat(postgres.port()).isEqualTo(port);
        assertThat(query("SELECT string_agg(id::text, ',') FROM kept")).isEqualTo("1");
    }

    @Test
    void aPidFileThatNamesAStrangerIsNoObstacleAndTheStrangerLives() throws Exception {
        postgres.kill();
        Process stranger = new ProcessBuilder("/bin/sh", "-c", "read line").start();
        try {
            Path pidFile = shared.resolve("postgres/data/postmaster.pid");
            List<String> lines = Files.readAllLines(pidFile);
            lines.set(0, Long.toString(stranger.pid()));
            Files.write(pidFile, lines);

            postgres.restart();

            assertThat(query("SELECT 1")).isEqualTo("1");
            assertThat(stranger.isAlive()).isTrue();
        } finally {
            stranger.destroyForcibly();
        }
    }

    @Test
    void aServerThatEndsByItselfIsStartedAgainUntilItIsClosed(@TempDir Path directory) throws Exception {
        var told = new LinkedBlockingQueue<String>();
        var supervised = EmbeddedPostgres.start(directory.resolve("postgres"), 0, PASSWORD);
        try (supervised) {
            supervised.supervise(told::add);
            for (int round = 1; round <= 2; round++) {
                long killed = supervised.pid();
                supervised.kill();

                assertThat(told.poll(30, TimeUnit.SECONDS))
                        .isEqualTo("postgres-ended pid=" + killed + " restart=" + round);
                assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("postgres-restarted pid=" + supervised.pid());
                supervised.superuser("postgres").close();
            }
        }
        assertThat(supervised.isAlive()).isFalse();
        assertThat(told).isEmpty();
    }

    @Test
    void aDirectoryHasOneOwner() {
        assertThatThrownBy(() -> EmbeddedPostgres.start(shared.resolve("postgres"), 0, PASSWORD))
                .isInstanceOfSatisfying(
                        ServerNotStarted.class, e -> assertThat(e.reason()).isEqualTo(Reason.DIRECTORY_IN_USE));
        assertThat(postgres.isAlive()).isTrue();
    }

    @Test
    void anOccupiedPortIsSaidInOneLineAndTheDirectoryIsFreeAgain(@TempDir Path directory) throws Exception {
        Path home = directory.resolve("postgres");
        try (var occupied = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = occupied.getLocalPort();

            assertThatThrownBy(() -> EmbeddedPostgres.start(home, port, PASSWORD))
                    .hasMessage("PostgreSQL cannot use port " + port + ": something else listens there")
                    .isInstanceOfSatisfying(
                            ServerNotStarted.class, e -> assertThat(e.reason()).isEqualTo(Reason.PORT_IN_USE));
        }

        assertThatThrownBy(() -> EmbeddedPostgres.start(home, 0, "another"))
                .isInstanceOfSatisfying(
                        ServerNotStarted.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_PASSWORD));
        assertThat(new PostgresProcesses(home.toRealPath().resolve("data")).alive())
                .isEmpty();
    }

    @Test
    void aDirectoryThatIsNoneOfPostgresqlsIsRefusedAndLeftAlone(@TempDir Path directory) throws Exception {
        Path file = Files.createDirectories(directory.resolve("data")).resolve("somebodys.txt");
        Files.writeString(file, "precious");

        assertThatThrownBy(() -> EmbeddedPostgres.start(directory, 0, PASSWORD))
                .isInstanceOfSatisfying(ServerNotStarted.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.DIRECTORY_DAMAGED);
                    assertThat(e.getMessage()).doesNotContain("\n");
                });
        assertThat(file).hasContent("precious");
    }

    @Test
    void anotherVersionsDirectoryIsRefused(@TempDir Path directory) throws Exception {
        Path data = directory.resolve("data");
        Files.createDirectories(data.resolve("pg_wal"));
        Files.createFile(Files.createDirectories(data.resolve("global")).resolve("pg_control"));
        Files.writeString(data.resolve("PG_VERSION"), "18\n");

        assertThatThrownBy(() -> EmbeddedPostgres.start(directory, 0, PASSWORD))
                .isInstanceOfSatisfying(
                        ServerNotStarted.class, e -> assertThat(e.reason()).isEqualTo(Reason.OTHER_VERSION));
    }

    private static String show(String setting) throws SQLException {
        return query("SHOW " + setting);
    }

    private static String query(String sql) throws SQLException {
        try (Connection connection = postgres.superuser("postgres");
                var row = connection.createStatement().executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
