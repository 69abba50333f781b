package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.DECISIONS;
import static dev.chancery.database.DatabaseRole.IDENTITY;
import static dev.chancery.database.DatabaseRole.OWNER;
import static dev.chancery.database.DatabaseRole.RBAC;
import static dev.chancery.database.DatabaseRole.RELAY;
import static dev.chancery.database.DatabaseRole.REPLAY;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kernel.StreamId;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What PostgreSQL itself refuses, tried as the services' own roles. */
final class RowLevelSecurityTest {
    private static final String PRIVILEGE = "42501";
    private static final String APPEND_ONLY = "23001";
    private static final TestLog LOG = TestLog.fresh();
    private static final String A = LOG.tenant();
    private static final String B = LOG.tenant();
    private static final String LENGTH_OF_A = "SELECT next_position FROM log.head WHERE tenant = '" + A + "'";
    private static final List<String> TABLES =
            List.of("head", "record", "event", "stream_head", "claim", "receipt", "open_intent");

    static {
        for (String tenant : List.of(A, B)) {
            LOG.appended(IDENTITY, Drafts.intent(tenant, Drafts.reserve("k", "r")));
            LOG.appended(
                    ACCESS,
                    Drafts.outcome(tenant)
                            .retiring(ROLE_MODEL, 0)
                            .claiming("ada", ROLE_MODEL)
                            .receipt(Drafts.reply("r", "r", ""))
                            .draft());
        }
    }

    @AfterAll
    static void close() {
        LOG.close();
    }

    private static Stream<String> appendOnly() {
        return Stream.of("record", "event")
                .flatMap(table ->
                        Stream.concat(Stream.of(table), IntStream.range(0, 8).mapToObj(i -> table + "_" + i)));
    }

    @Test
    void noServiceChangesOrDeletesARecord() {
        for (DatabaseRole role : List.of(IDENTITY, ACCESS, RELAY, RBAC, REPLAY)) {
            appendOnly().forEach(table -> {
                assertThat(state(role, A, "UPDATE log." + table + " SET position = position"))
                        .as(role + " " + table)
                        .isEqualTo(PRIVILEGE);
                assertThat(state(role, A, "DELETE FROM log." + table)).isEqualTo(PRIVILEGE);
                assertThat(state(role, A, "TRUNCATE log." + table)).isEqualTo(PRIVILEGE);
                assertThat(state(role, A, "DROP TABLE log." + table)).isEqualTo(PRIVILEGE);
                assertThat(state(role, A, "ALTER TABLE log." + table + " DISABLE TRIGGER ALL"))
                        .isEqualTo(PRIVILEGE);
            });
        }
    }

    @Test
    void partitionsAreClosedToServices() {
        appendOnly().filter(table -> table.matches(".*_\\d")).forEach(partition -> {
            for (DatabaseRole role : List.of(IDENTITY, ACCESS, RELAY, RBAC, REPLAY)) {
                assertThat(state(role, A, "SELECT FROM log." + partition)).isEqualTo(PRIVILEGE);
                assertThat(state(role, A, "INSERT INTO log." + partition + " DEFAULT VALUES"))
                        .isEqualTo(PRIVILEGE);
            }
        });
    }

    @Test
    void notEvenTheOwnerChangesARecord() {
        appendOnly().forEach(table -> {
            assertThat(state(OWNER, A, "TRUNCATE log." + table)).as(table).isEqualTo(APPEND_ONLY);
            // Its own policies hide every row from it, partition by partition.
            assertThat(LOG.update(OWNER, A, "UPDATE log." + table + " SET position = position"))
                    .isZero();
            assertThat(LOG.update(OWNER, A, "DELETE FROM log." + table)).isZero();
        });
    }

    @Test
    void aSuperuserMeetsTheTrigger() throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(LOG.database.name())) {
            List<String> refused = new ArrayList<>();
            List<String> wanted = new ArrayList<>();
            for (String table : appendOnly().toList()) {
                if (rows(superuser, table) == 0) {
                    continue;
                }
                for (String sql : List.of(
                        "UPDATE log." + table + " SET position = position",
                        "DELETE FROM log." + table,
                        "TRUNCATE log." + table)) {
                    wanted.add(sql);
                    try (var statement = superuser.createStatement()) {
                        statement.execute(sql);
                    } catch (SQLException e) {
                        assertThat(e.getSQLState()).isEqualTo(APPEND_ONLY);
                        refused.add(sql);
                    }
                }
            }
            assertThat(refused).isEqualTo(wanted).hasSizeGreaterThanOrEqualTo(12);
        }
    }

    private static long rows(Connection superuser, String table) throws SQLException {
        try (var statement = superuser.createStatement();
                var count = statement.executeQuery("SELECT count(*) FROM log." + table)) {
            count.next();
            return count.getLong(1);
        }
    }

    @Test
    void aTenantsTransactionSeesNoOther() {
        for (String table : TABLES) {
            for (DatabaseRole role : List.of(IDENTITY, ACCESS)) {
                String foreign = "SELECT count(*) FROM log." + table + " WHERE tenant = '" + B + "'";
                if (List.of("receipt", "open_intent").contains(table)) {
                    // The reaper looks for its own feature's rows in every tenant, and for no other's.
                    foreign += " AND feature <> '" + TestLog.feature(role) + "'";
                }
                assertThat(LOG.query(role, A, foreign)).as(role + " " + table).isZero();
                assertThat(LOG.query(role, "", foreign)).as(role + " " + table).isZero();
            }
            assertThat(LOG.query(IDENTITY, A, "SELECT count(*) FROM log." + table + " WHERE tenant = '" + A + "'"))
                    .as(table)
                    .isPositive();
        }
    }

    @Test
    void withoutATenantNothingIsWritten() {
        assertThat(LOG.database.<Integer>transaction(IDENTITY, connection -> {
                    try (var statement = connection.createStatement()) {
                        return statement.executeUpdate("UPDATE log.head SET next_position = 9");
                    }
                }))
                .isZero();
        assertThat(state(ACCESS, "", record(A, "access", "{}"))).isEqualTo(PRIVILEGE);
    }

    @Test
    void projectorsAndReplayReadNothingHere() {
        for (String table : TABLES) {
            assertThat(state(RBAC, A, "SELECT FROM log." + table)).isEqualTo(PRIVILEGE);
            assertThat(state(REPLAY, A, "SELECT FROM log." + table)).isEqualTo(PRIVILEGE);
        }
    }

    @Test
    void projectorsLearnHowLongLogsAreAndNobodyElseDoes() {
        for (String function : List.of("log.length()", "log.lengths()")) {
            assertThat(state(RBAC, A, "SELECT FROM " + function)).isEmpty();
            for (DatabaseRole other : List.of(IDENTITY, DECISIONS, REPLAY)) {
                assertThat(state(other, A, "SELECT FROM " + function)).isEqualTo(PRIVILEGE);
            }
        }
        assertThat(LOG.query(RBAC, "", "SELECT log.length()")).isZero();
        assertThat(LOG.query(RBAC, A, "SELECT log.length()")).isEqualTo(LOG.query(RELAY, A, LENGTH_OF_A));
        assertThat(LOG.query(RBAC, "", "SELECT count(*) FROM log.lengths()")).isGreaterThan(1);
    }

    @Test
    void decisionsReadTheirTenantsRecordsAndWriteNothing() {
        for (String table : List.of("head", "record", "event")) {
            assertThat(LOG.query(DECISIONS, A, "SELECT count(DISTINCT tenant) FROM log." + table))
                    .isEqualTo(1);
            assertThat(LOG.query(DECISIONS, "", "SELECT count(*) FROM log." + table))
                    .isZero();
        }
        for (String table : List.of("stream_head", "claim", "receipt", "open_intent")) {
            assertThat(state(DECISIONS, A, "SELECT FROM log." + table)).isEqualTo(PRIVILEGE);
        }
        assertThat(state(DECISIONS, A, record(A, "access", "{}"))).isEqualTo(PRIVILEGE);
        assertThat(state(DECISIONS, A, "UPDATE log.head SET next_position = 0")).isEqualTo(PRIVILEGE);
    }

    @Test
    void theRelayReadsTheLogAndNothingElse() {
        assertThat(LOG.query(RELAY, "", "SELECT count(DISTINCT tenant) FROM log.record"))
                .isEqualTo(2);
        for (String table : List.of("event", "stream_head", "claim", "receipt", "open_intent")) {
            assertThat(state(RELAY, A, "SELECT FROM log." + table)).isEqualTo(PRIVILEGE);
        }
        assertThat(state(RELAY, A, record(A, "relay", "{}"))).isEqualTo(PRIVILEGE);
        assertThat(state(RELAY, A, "UPDATE log.head SET next_position = 0")).isEqualTo(PRIVILEGE);
    }

    @Test
    void aFeatureWritesNoOtherFeaturesHistory() {
        for (String sql : List.of(
                record(A, "identity", "{}"),
                record(A, "access", "{chancery.identity.v1.PrincipalCreated}"),
                record(A, "access", "{chancery.access.v1.RoleRetired,chancery.identity.v1.PrincipalCreated}"),
                record(A, "access", "{chancery.accessory.v1.RoleRetired}"),
                record(B, "access", "{chancery.access.v1.RoleRetired}"),
                event(A, "identity/principal/x", "chancery.access.v1.RoleRetired"),
                event(A, "access/role-model", "chancery.identity.v1.PrincipalCreated"),
                event(B, "access/role-model", "chancery.access.v1.RoleRetired"),
                "INSERT INTO log.stream_head VALUES ('" + A + "', 'identity/principal/x', 9)",
                "INSERT INTO log.stream_head VALUES ('" + B + "', 'access/x', 9)",
                "INSERT INTO log.claim VALUES ('" + A + "', 'email', 'x', 'identity/principal/x')",
                "INSERT INTO log.claim VALUES ('" + B + "', 'email', 'x', 'access/x')",
                receipt(A, "identity"),
                receipt(B, "access"),
                "INSERT INTO log.open_intent VALUES ('" + A + "', 99, 'identity', 0, 'x')",
                "INSERT INTO log.open_intent VALUES ('" + B + "', 99, 'access', 0, 'x')",
                "INSERT INTO log.head VALUES ('another', 0, 0)")) {
            assertThat(state(ACCESS, A, sql)).as(sql).isEqualTo(PRIVILEGE);
        }
        assertThat(state(IDENTITY, A, "INSERT INTO log.head VALUES ('another', 0, 0)"))
                .isEqualTo(PRIVILEGE);
    }

    @Test
    void aHeadGoesForwardOnlyAndOverRecordsThatAreThere() {
        for (String change : List.of(
                "next_position = next_position + 1",
                "next_position = next_position - 1",
                "recorded_at_micros = recorded_at_micros - 1")) {
            assertThat(state(ACCESS, A, "UPDATE log.head SET " + change + " WHERE tenant = '" + A + "'"))
                    .as(change)
                    .isEqualTo("23001");
        }
    }

    @Test
    void aFeatureChangesNoOtherFeaturesRows() {
        for (String sql : List.of(
                "UPDATE log.head SET next_position = 0 WHERE tenant = '" + B + "'",
                "UPDATE log.stream_head SET version = 0 WHERE tenant = '" + B + "' OR starts_with(stream, 'identity/')",
                "DELETE FROM log.claim WHERE tenant = '" + B + "' OR starts_with(stream, 'identity/')",
                "UPDATE log.receipt SET code = 'x' WHERE tenant = '" + B + "' OR feature = 'identity'",
                "DELETE FROM log.receipt WHERE feature = 'identity'",
                "DELETE FROM log.open_intent WHERE tenant = '" + B + "' OR feature = 'identity'")) {
            assertThat(LOG.update(ACCESS, A, sql)).as(sql).isZero();
        }
        assertThat(state(ACCESS, A, "UPDATE log.head SET tenant = 'x'")).isEqualTo(PRIVILEGE);
        assertThat(state(ACCESS, A, "UPDATE log.head SET forked_at = NULL")).isEqualTo(PRIVILEGE);
        assertThat(state(ACCESS, A, "UPDATE log.reconciled SET timeline = 1")).isEqualTo(PRIVILEGE);
        assertThat(state(ACCESS, A, "UPDATE log.receipt SET feature = 'identity' WHERE tenant = '" + A + "'"))
                .isEqualTo(PRIVILEGE);
    }

    @Test
    void everyTableWithATenantHasItsPoliciesForcedPartitionsIncluded() throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(LOG.database.name());
                var statement = superuser.createStatement();
                var tables = statement.executeQuery("""
                        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity
                        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = 'log' AND c.relkind IN ('r', 'p')
                          AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant')""")) {
            List<String> names = new ArrayList<>();
            while (tables.next()) {
                names.add(tables.getString(1));
                assertThat(tables.getBoolean(2)).as(tables.getString(1)).isTrue();
            }
            assertThat(names).hasSize(TABLES.size() + 16).containsAll(TABLES);
        }
    }

    @Test
    void noServiceRoleGoesRoundThePolicies() throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(LOG.database.name());
                var statement = superuser.createStatement();
                var mighty =
                        statement.executeQuery("SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'chancery_')"
                                + " AND (rolsuper OR rolbypassrls OR rolcreaterole)")) {
            mighty.next();
            assertThat(mighty.getLong(1)).isZero();
        }
    }

    @Test
    void aConnectionForgetsItsTenant() {
        // More turns than the pool has connections; the one before has set a tenant on each of them, or failed after.
        for (int i = 0; i < 20; i++) {
            LOG.query(ACCESS, A, "SELECT count(*) FROM log.record");
            assertThat(state(ACCESS, A, "SELECT 1 / 0")).isEqualTo("22012");
            assertThat(LOG.database.<Boolean>transaction(ACCESS, connection -> {
                        try (var statement = connection.createStatement();
                                var row = statement.executeQuery("SELECT count(*) FROM log.record")) {
                            row.next();
                            return row.getLong(1) == 0;
                        }
                    }))
                    .isTrue();
        }
    }

    @Test
    void aClaimInAnotherFeaturesNameFailsAlone() {
        AppendResult refused = LOG.commit(
                        ACCESS,
                        Drafts.outcome(A)
                                .claiming("eve", StreamId.of("identity", "principal", "e"))
                                .draft())
                .getFirst();
        assertThat(refused).isEqualTo(new AppendResult.Refused(LogRejection.RECORD_REFUSED));
    }

    private static String record(String tenant, String feature, String types) {
        return "INSERT INTO log.record VALUES ('" + tenant + "', 99, '" + feature + "', '" + types + "', 'x')";
    }

    private static String event(String tenant, String stream, String type) {
        return "INSERT INTO log.event VALUES ('" + tenant + "', '" + stream + "', 99, 99, 0, '" + type + "')";
    }

    private static String receipt(String tenant, String feature) {
        return "INSERT INTO log.receipt VALUES ('" + tenant + "', 'x', 'x', '" + feature + "', 99, '', NULL, 0)";
    }

    /** The SQLSTATE that a statement ends in; empty when it succeeds. */
    private static String state(DatabaseRole role, String tenant, String sql) {
        try {
            LOG.database.inTenant(role, tenant, connection -> {
                try (var statement = connection.createStatement()) {
                    return statement.execute(sql);
                }
            });
            return "";
        } catch (DatabaseUnavailable e) {
            return String.valueOf(e.sqlState());
        }
    }
}
