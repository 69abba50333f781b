package dev.chancery.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.keyring.Eraser;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.testkit.Backing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a restore brings back and the log since says is to go. */
class ErasureReplayTest extends WithSubject {
    /** Those that refer to others last. */
    private static final List<String> KEY_TABLES = List.of("ring", "ring_version", "tenant_key", "subject_key");

    /** A backup from before the erasure, with the key file of its day, brings the value back; the log since says that it is to go. */
    @Test
    void afterARestoreTheErasedIsForgottenAgainAndTheBackupOpensNothing() throws SQLException, IOException {
        Path keyFile = directory.resolve("key");
        byte[] keysOfThatDay = Files.readAllBytes(keyFile);
        superuser("CREATE SCHEMA backup");
        for (String table : KEY_TABLES) {
            superuser("CREATE TABLE backup.%1$s AS TABLE keyring.%1$s".formatted(table));
        }
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);

        for (boolean died : new boolean[] {false, true}) {
            Files.write(keyFile, keysOfThatDay);
            sealer = KeyFileSealer.open(keyFile);
            restoreKeys();
            assertThat(keyring().open(where, sealed).text()).contains("Grace");

            if (died) {
                // All that a replay does before it goes on to the keys above.
                keyring().eraser().destroy(tenant, subject, Eraser.allClasses());
            }
            List<String> said = new ErasureReplay(database, keyring().eraser()).run(tenant);
            assertThat(said).hasSize(died ? 1 : 2).last().asString().endsWith("are replaced again");
            assertThat(new ErasureReplay(database, keyring().eraser()).run(tenant))
                    .isEmpty();

            assertThat(keyring().open(where, sealed).text()).isEmpty();
            sealer = KeyFileSealer.open(keyFile);
            restoreKeys();
            assertThatExceptionOfType(KeyDestroyed.class)
                    .isThrownBy(() -> keyring().open(where, sealed));
        }
    }

    private void restoreKeys() throws SQLException {
        for (String table : KEY_TABLES) {
            superuser(("SET session_replication_role = replica; TRUNCATE keyring.%1$s CASCADE;"
                            + " INSERT INTO keyring.%1$s TABLE backup.%1$s")
                    .formatted(table));
        }
    }

    private void superuser(String sql) throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            statement.execute(sql);
        }
    }
}
