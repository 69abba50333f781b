package dev.chancery.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Both servers' owner is killed, so that PostgreSQL runs on without one. */
@Timeout(90)
class OrphanTest {
    private static final String PASSWORD = "a-password-of-the-test";

    @Test
    void whatWasAcknowledgedSurvivesTheOwnersKill(@TempDir Path directory) throws Exception {
        long orphan;
        Process owner = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Owner.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            String ready = CompletableFuture.supplyAsync(() -> owner.inputReader()
                            .lines()
                            .filter(line -> line.startsWith("ready "))
                            .findFirst()
                            .orElseThrow())
                    .get(60, TimeUnit.SECONDS);
            orphan = Long.parseLong(ready.substring("ready ".length()));
        } finally {
            owner.destroyForcibly();
            assertThat(owner.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(new PostgresProcesses(directory.toRealPath().resolve("postgres/data")).pids())
                .contains(orphan);

        try (var postgres = EmbeddedPostgres.start(directory.resolve("postgres"), 0, PASSWORD);
                var connection = postgres.superuser("postgres");
                var row = connection.createStatement().executeQuery("SELECT id FROM kept")) {
            assertThat(postgres.pid()).isNotEqualTo(orphan);
            assertThat(row.next()).isTrue();
            assertThat(row.getInt(1)).isEqualTo(7);
        }
        try (var kafka = EmbeddedKafka.start(directory.resolve("kafka"), 0)) {
            assertThat(KafkaRecords.read(kafka)).containsExactly(new byte[] {7});
        }
    }

    /** The process that is killed. */
    static final class Owner {
        private Owner() {}

        public static void main(String[] arguments) throws Exception {
            Path directory = Path.of(arguments[0]);
            var postgres = EmbeddedPostgres.start(directory.resolve("postgres"), 0, PASSWORD);
            try (var connection = postgres.superuser("postgres");
                    var statement = connection.createStatement()) {
                statement.execute("CREATE TABLE kept (id integer)");
                statement.execute("INSERT INTO kept VALUES (7)");
            }
            var kafka = EmbeddedKafka.start(directory.resolve("kafka"), 0);
            KafkaRecords.createTopic(kafka);
            KafkaRecords.write(kafka, new byte[] {7});
            System.out.println("ready " + postgres.pid());
            Thread.currentThread().join();
        }
    }
}
