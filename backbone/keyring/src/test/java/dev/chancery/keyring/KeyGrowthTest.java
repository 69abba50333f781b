package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.email;
import static dev.chancery.keyring.Ring.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The statements are planned while the table is empty and keep their plan: a key must not cost more the more there are. */
@Timeout(120)
class KeyGrowthTest {
    private static final int KEYS = 200;

    @Test
    void whatMakingAKeyReadsDoesNotGrowWithTheTenantsKeys() throws SQLException {
        Database made = Backing.database("keyring");
        String tenant = id();
        try (var one = Database.pooled(made.access(), 1)) {
            var keyring = new Keyring(one, Ring.SEALER);

            long first = rowsReadToMake(keyring, one, tenant);
            long second = rowsReadToMake(keyring, one, tenant);
            long third = rowsReadToMake(keyring, one, tenant);

            assertThat(first).isGreaterThanOrEqualTo(KEYS);
            assertThat(second).isLessThan(2 * first);
            assertThat(third).isLessThan(2 * first);
        }
    }

    private static long rowsReadToMake(Keyring keyring, Database one, String tenant) throws SQLException {
        long before = rowsRead(one);
        for (int i = 0; i < KEYS; i++) {
            keyring.seal(email(tenant, id()), "ada@example.org");
        }
        return rowsRead(one) - before;
    }

    /** By the one connection, which tells PostgreSQL's statistics before they are asked. */
    private static long rowsRead(Database one) throws SQLException {
        one.transaction(DatabaseRole.KEYRING, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.execute("SELECT pg_stat_force_next_flush()");
            }
        });
        try (Connection superuser = Backing.postgres().superuser(one.name());
                var statement = superuser.createStatement();
                var rows = statement.executeQuery("""
                        SELECT t.seq_tup_read + sum(i.idx_tup_read) FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid)
                        WHERE t.schemaname = 'keyring' AND t.relname = 'subject_key' GROUP BY t.seq_tup_read""")) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
