package dev.chancery.vault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.testkit.Backing;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process was killed between the record of a destruction and the destruction, and the list had not learnt of the record at the next start. */
class DestructionsTest {
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Database database = Backing.database("keyring", "log", "relay", "projection", "vault");
    private final String tenant = UUID.randomUUID().toString();
    private final SecretPlace place = new SecretPlace(tenant, "prod", "prod/db/password", 1);
    private final SecretPlace kept = new SecretPlace(tenant, "prod", "prod/db/password", 2);
    private final SecretPlace listedBefore = new SecretPlace(tenant, "prod", "prod/db/password", 3);

    @TempDir
    private Path directory;

    private Destructions destructions;

    @BeforeEach
    void aSecretWithThreeVersions() {
        var ring = new SecretRing(database, KeyFileSealer.create(directory.resolve("key")));
        ring.seal(place, new byte[] {1});
        ring.seal(kept, new byte[] {2});
        ring.seal(listedBefore, new byte[] {3});
        destructions = new Destructions(new VaultList(database), ring, 50);
    }

    @AfterEach
    void stop() {
        destructions.close();
    }

    @Test
    void aKeyGoesOnceTheListHasItsDestructionAlthoughItHadNoneAtTheStart() {
        listed(place, SecretVersionState.SECRET_VERSION_STATE_CURRENT);
        listed(kept, SecretVersionState.SECRET_VERSION_STATE_REVOKED);
        listed(listedBefore, SecretVersionState.SECRET_VERSION_STATE_DESTROYED);
        destructions.start();
        // Then the first round has asked the list.
        awaitDestroyed(listedBefore);
        assertThat(state(place)).isNotEqualTo("DESTROYED");

        update("UPDATE vault.version SET state = " + SecretVersionState.SECRET_VERSION_STATE_DESTROYED_VALUE
                + " WHERE version = 1");

        awaitDestroyed(place);
        assertThat(state(kept)).isNotEqualTo("DESTROYED");
    }

    private void awaitDestroyed(SecretPlace version) {
        long deadline = System.nanoTime() + LIMIT_NANOS;
        while (!state(version).equals("DESTROYED")) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** As the projection writes it. */
    private void listed(SecretPlace version, SecretVersionState state) {
        update("INSERT INTO vault.position (tenant, position) VALUES ('" + tenant + "', 0) ON CONFLICT DO NOTHING");
        update("INSERT INTO vault.version (tenant, secret, version, state, written_micros) VALUES ('" + tenant + "', '"
                + version.secret() + "', " + version.version() + ", " + state.getNumber() + ", 0)");
    }

    private void update(String sql) {
        database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
    }

    private String state(SecretPlace version) {
        return database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery(
                            "SELECT state FROM secretring.data_key WHERE version = " + version.version())) {
                row.next();
                return row.getString(1);
            }
        });
    }
}
