package dev.chancery.vault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.vault.v1.ListSecretsRequest;
import dev.chancery.schema.vault.v1.Secret;
import dev.chancery.schema.vault.v1.SecretVersion;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.testkit.Backing;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class VaultListTest {
    private static final long NOW = 1_780_000_000_000_000L;
    private static final int VERSIONS = 250;

    private final Database database = Backing.database("keyring", "log", "relay", "projection", "vault");
    private final String tenant = UUID.randomUUID().toString();

    @Test
    void aSecretsListHasItsReadableVersionsAndThenTheNewest() throws RefusedException {
        update("INSERT INTO vault.environment (tenant, environment, production, readers, writers)"
                + " VALUES ('%s', 'prod', true, '{}', '{}')".formatted(tenant));
        update("INSERT INTO vault.secret (tenant, secret, environment, since_micros) VALUES ('%s', 'prod/a', 'prod', 0)"
                .formatted(tenant));
        for (int version = 1; version <= VERSIONS; version++) {
            // The first is read for ever; the windows of the next are over; the last is current.
            SecretVersionState state = version == VERSIONS
                    ? SecretVersionState.SECRET_VERSION_STATE_CURRENT
                    : SecretVersionState.SECRET_VERSION_STATE_DEPRECATED;
            update("INSERT INTO vault.version (tenant, secret, version, state, written_micros, until_micros)"
                    + " VALUES ('%s', 'prod/a', %d, %d, 0, %d)"
                            .formatted(tenant, version, state.getNumber(), version == 1 ? 0 : NOW));
        }

        Secret listed = new VaultList(database)
                .page(
                        tenant,
                        ListSecretsRequest.newBuilder().setEnvironment("prod").build(),
                        NOW)
                .getSecrets(0);

        assertThat(listed.getCurrentVersion()).isEqualTo(VERSIONS);
        assertThat(listed.getVersionsList())
                .extracting(SecretVersion::getSecretVersion)
                .hasSize(VaultList.MAX_VERSIONS)
                .isSorted()
                .startsWith(1, VERSIONS - VaultList.MAX_VERSIONS + 2)
                .endsWith(VERSIONS);
    }

    private void update(String sql) {
        database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
    }
}
