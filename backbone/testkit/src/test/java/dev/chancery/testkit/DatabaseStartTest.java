package dev.chancery.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A start meets a PostgreSQL that is not there yet, or that refuses it. */
@Timeout(120)
class DatabaseStartTest {
    @TempDir
    private static Path directory;

    private static TargetPostgres server;

    @BeforeAll
    static void aServer() {
        server = TargetPostgres.start(directory.resolve("server"));
        server.execute("postgres", "CREATE ROLE " + DatabaseRole.VAULT.roleName() + " LOGIN PASSWORD 'Papagei'");
    }

    @AfterAll
    static void close() {
        server.close();
    }

    private static Database database(String password) {
        return Database.pooled(
                DatabaseAccess.byPassword("127.0.0.1", server.port(), TargetPostgres.DATABASE, role -> password), 2);
    }

    @Test
    void aStartWaitsForAServerThatComes() {
        server.kill();
        Executor later = CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS);
        CompletableFuture<Void> back = CompletableFuture.runAsync(server::restart, later);
        try (Database database = database("Papagei")) {
            database.awaitReachable(DatabaseRole.VAULT, Duration.ofMinutes(1));
            database.transaction(DatabaseRole.VAULT, connection -> connection.isValid(5));
        } finally {
            back.join();
        }
    }

    @Test
    void aStartWaitsNoLongerThanItIsToldTo() {
        server.kill();
        try (Database database = database("Papagei")) {
            assertThatThrownBy(() -> database.awaitReachable(DatabaseRole.VAULT, Duration.ofSeconds(1)))
                    .isInstanceOf(DatabaseUnavailable.class);
        } finally {
            server.restart();
        }
    }

    /** Whatever it waits for, a password does not become right. */
    @Test
    void aServerThatRefusesTheRoleIsNotWaitedFor() {
        try (Database database = database("Kakadu")) {
            assertThatThrownBy(() -> database.awaitReachable(DatabaseRole.VAULT, Duration.ofHours(1)))
                    .isInstanceOf(DatabaseUnavailable.class)
                    .hasMessageContaining("28P01");
        }
    }
}
