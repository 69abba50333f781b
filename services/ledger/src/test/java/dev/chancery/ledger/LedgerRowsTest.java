package dev.chancery.ledger;

import static dev.chancery.ledger.Records.OTHER_TENANT;
import static dev.chancery.ledger.Records.TENANT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What PostgreSQL refuses, whoever asks. */
class LedgerRowsTest {
    private static final String PERMISSION_DENIED = "42501";
    private static final String APPEND_ONLY = "23001";
    private static final String DUPLICATE = "23505";
    private static final List<String> TABLES = List.of("head", "record", "tile", "checkpoint", "position");

    private static Database database;
    private static Ledger ledger;

    @BeforeAll
    static void begin() {
        database = Backing.database("projection", "ledger");
        ledger = new Ledger(database, new LogKey());
        ledger.drain(TENANT, 0, 300, 300);
    }

    @AfterAll
    static void end() {
        database.close();
    }

    @Test
    void theLedgersRoleCanOnlyAdd() {
        for (String statement : List.of(
                "UPDATE ledger.record SET entry = '\\x01' WHERE position = 0",
                "UPDATE ledger.tile SET hashes = hashes",
                "UPDATE ledger.tile SET root = root",
                "UPDATE ledger.checkpoint SET note = '\\x01'",
                "UPDATE ledger.head SET origin = 'other/other'",
                "UPDATE ledger.head SET tenant = 'other'",
                "DELETE FROM ledger.record",
                "DELETE FROM ledger.tile",
                "DELETE FROM ledger.checkpoint",
                "DELETE FROM ledger.head",
                "DELETE FROM ledger.position",
                "TRUNCATE ledger.record",
                "TRUNCATE ledger.tile",
                "TRUNCATE ledger.checkpoint",
                "TRUNCATE ledger.head")) {
            assertRefused(DatabaseRole.LEDGER, statement, PERMISSION_DENIED);
        }
    }

    @Test
    void theOwnerChangesNothingEither() {
        for (String statement : List.of(
                "UPDATE ledger.record SET entry = '\\x01' WHERE position = 0",
                "UPDATE ledger.tile SET hashes = hashes",
                "UPDATE ledger.checkpoint SET note = '\\x01'",
                "UPDATE ledger.head SET origin = 'other/other'",
                "DELETE FROM ledger.record",
                "DELETE FROM ledger.tile",
                "DELETE FROM ledger.checkpoint",
                "DELETE FROM ledger.head",
                "TRUNCATE ledger.record",
                "TRUNCATE ledger.tile",
                "TRUNCATE ledger.checkpoint",
                "TRUNCATE ledger.head")) {
            assertRefused(DatabaseRole.OWNER, statement, APPEND_ONLY);
        }
    }

    @Test
    void aHeadNeverShrinksAndNeverChangesItsRoot() {
        assertRefused(DatabaseRole.LEDGER, "UPDATE ledger.head SET size = size - 1", APPEND_ONLY);
        assertRefused(DatabaseRole.LEDGER, "UPDATE ledger.head SET root = sha256(root)", APPEND_ONLY);
        assertRefused(DatabaseRole.LEDGER, "UPDATE ledger.head SET published_size = -1", APPEND_ONLY);
    }

    @Test
    void aSizeHasOneCheckpoint() {
        assertRefused(
                DatabaseRole.LEDGER,
                "INSERT INTO ledger.checkpoint SELECT tenant, size, sha256(root), note FROM ledger.checkpoint",
                DUPLICATE);
    }

    @Test
    void otherRolesHaveNoWayIn() {
        for (DatabaseRole role : List.of(DatabaseRole.IDENTITY, DatabaseRole.ACCESS, DatabaseRole.RBAC)) {
            TABLES.forEach(table -> assertRefused(role, "SELECT FROM ledger." + table, PERMISSION_DENIED));
        }
        assertRefused(
                DatabaseRole.REPLAY,
                "INSERT INTO ledger.record VALUES ('" + TENANT + "', 300, '\\x01', '\\x0000')",
                PERMISSION_DENIED);
    }

    @Test
    void anotherTenantsLedgerIsInvisible() {
        assertThat(ledger.reader.checkpoint(OTHER_TENANT)).isEmpty();
        assertThat(ledger.reader.tile(OTHER_TENANT, 0, 0, 256)).isEmpty();
        for (String table : List.of("head", "record", "tile", "checkpoint")) {
            assertThat(rowsSeen(table, TENANT)).as(table).isPositive();
            assertThat(rowsSeen(table, OTHER_TENANT)).as(table).isZero();
            assertThat(database.<Long>transaction(DatabaseRole.LEDGER, connection -> count(connection, table)))
                    .as("%s with no tenant set", table)
                    .isZero();
        }
    }

    @Test
    void aRowOfAnotherTenantCanNotBeWritten() {
        assertRefused(
                DatabaseRole.LEDGER,
                "INSERT INTO ledger.record VALUES ('" + OTHER_TENANT + "', 0, '\\x01', '\\x0000')",
                PERMISSION_DENIED);
        assertRefused(
                DatabaseRole.LEDGER,
                "INSERT INTO ledger.checkpoint SELECT '" + OTHER_TENANT + "', size, root, note FROM ledger.checkpoint",
                PERMISSION_DENIED);
    }

    @Test
    void theConsumerFindsItsPlaceInEveryTenantsLog() {
        execute(DatabaseRole.LEDGER, OTHER_TENANT, "INSERT INTO ledger.position VALUES ('" + OTHER_TENANT + "', 1)");
        assertThat(database.<Long>transaction(DatabaseRole.LEDGER, connection -> count(connection, "position")))
                .isEqualTo(2);
        assertRefused(
                DatabaseRole.LEDGER,
                "WITH moved AS (UPDATE ledger.position SET position = 2 WHERE tenant = '" + OTHER_TENANT
                        + "' RETURNING 1) SELECT 1 / (SELECT count(*) FROM moved)",
                "22012");
    }

    @Test
    void aLedgerWhoseTilesWereTamperedWithDoesNotGrow() throws Exception {
        try (Database damaged = Backing.database("projection", "ledger")) {
            var before = new Ledger(damaged, new LogKey());
            before.drain(TENANT, 0, 300, 300);
            try (Connection superuser = Backing.postgres().superuser(damaged.name());
                    var statement = superuser.createStatement()) {
                statement.execute("SET session_replication_role = replica");
                statement.execute("UPDATE ledger.record SET entry = entry || '\\x00' WHERE position = 299");
            }
            assertThatThrownBy(() -> before.restarted().drain(TENANT, 300, 301, 1))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aLedgerRebuiltBesideTheLiveOneIsReplaysAndComesToItsRoot() {
        database.migrate("ledger", "ledger_again");
        var rebuilt = new LedgerProjection(Records.INSTANCE, DatabaseRole.REPLAY, "ledger_again", tenant -> {});
        byte[] root = database.inTenant(DatabaseRole.REPLAY, TENANT, connection -> {
            rebuilt.apply(connection, TENANT, Records.from(TENANT, 0, 123));
            rebuilt.apply(connection, TENANT, Records.from(TENANT, 123, 300));
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery("SELECT a.root FROM ledger_again.head a JOIN ledger.head b"
                            + " USING (tenant, origin, size, root)")) {
                assertThat(row.next()).isTrue();
                return row.getBytes(1);
            }
        });
        assertThat(root).isEqualTo(ledger.checkpoint(TENANT).root());
        assertRefused(DatabaseRole.LEDGER, "SELECT FROM ledger_again.head", PERMISSION_DENIED);
    }

    private static void assertRefused(DatabaseRole role, String statement, String sqlState) {
        assertThatThrownBy(() -> execute(role, TENANT, statement))
                .as(role + ": " + statement)
                .isInstanceOfSatisfying(DatabaseUnavailable.class, refused -> assertThat(refused.sqlState())
                        .isEqualTo(sqlState));
    }

    private static void execute(DatabaseRole role, String tenant, String sql) {
        database.inTenant(role, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    private static long rowsSeen(String table, String tenant) {
        return database.<Long>inTenant(DatabaseRole.LEDGER, tenant, connection -> count(connection, table));
    }

    private static long count(Connection connection, String table) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT count(*) FROM ledger." + table)) {
            row.next();
            return row.getLong(1);
        }
    }
}
