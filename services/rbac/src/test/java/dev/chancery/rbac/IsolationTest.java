package dev.chancery.rbac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class IsolationTest {
    private static final String REFUSED = "42501";

    private final String ada = Story.id();
    private final Story story = new Story();
    private final String other = Story.id();

    @BeforeEach
    void everyTableHasARow() {
        String office = Story.id();
        story.happens(
                        Story.founded(story.tenant, ada, Story.id()),
                        Story.contract("role:read"),
                        Story.created(ada, PrincipalType.USER))
                .happens(
                        Story.workspace(office),
                        Story.member(office, ada),
                        GroupDefined.newBuilder()
                                .setGroupId(office)
                                .setGroup("desk")
                                .build(),
                        GroupMemberAdded.newBuilder()
                                .setGroupId(office)
                                .setPrincipalId(ada)
                                .build());
        Live.apply(story);
    }

    static List<String> tables() {
        var tables = new ArrayList<>(RbacProjection.TABLES);
        tables.add("position");
        return tables;
    }

    @Test
    void anotherTenantSeesNothing() throws Exception {
        assertThat(Live.capabilities(other)).isEmpty();
        assertThat(Live.roles(other)).isEmpty();
        assertThat(Live.assignments(other)).isEmpty();
        assertThat(Live.VIEWS.assignments(other, Live.of(ada), Page.ofAssignments(1, "")))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void aTransactionSeesAndEndsItsOwnTenantsRowsAlone(String table) {
        String rows = "SELECT count(*) FROM rbac." + table + " WHERE tenant = '" + story.tenant + "'";
        assertThat(Live.read(rows)).doesNotContain("0");
        if (!table.equals("position")) {
            assertThat(rowsFor(DatabaseRole.RBAC, other, table)).isZero();
            assertThat(rowsFor(DatabaseRole.RBAC, null, table)).isZero();
            assertThat(rowsFor(DatabaseRole.REPLAY, other, table)).isZero();
        }
        assertThat(rowsFor(DatabaseRole.OWNER, other, table)).isZero();

        if (table.equals("position")) {
            assertRefused(DatabaseRole.RBAC, story.tenant, "DELETE FROM rbac.position");
            return;
        }
        long before = Long.parseLong(Live.read(rows).getFirst());
        Live.DATABASE.inTenant(DatabaseRole.RBAC, other, connection -> {
            try (var delete = connection.createStatement()) {
                return delete.executeUpdate("DELETE FROM rbac." + table);
            }
        });
        assertThat(Live.read(rows)).containsExactly(String.valueOf(before));
    }

    @ParameterizedTest
    @MethodSource("tables")
    void noRowIsGivenToAnotherTenant(String table) {
        assertRefused(
                DatabaseRole.RBAC, other, "INSERT INTO rbac." + table + " (tenant) VALUES ('" + story.tenant + "')");
        assertRefused(DatabaseRole.RBAC, story.tenant, "UPDATE rbac." + table + " SET tenant = '" + other + "'");
    }

    static List<DatabaseRole> others() {
        return List.of(
                DatabaseRole.IDENTITY,
                DatabaseRole.ACCESS,
                DatabaseRole.KEYRING,
                DatabaseRole.LEDGER,
                DatabaseRole.RELAY);
    }

    @ParameterizedTest
    @MethodSource("others")
    void nobodyElseReadsTheViews(DatabaseRole role) {
        for (String table : tables()) {
            assertRefused(role, story.tenant, "SELECT FROM rbac." + table);
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void replayReadsTheLiveViewsAndWritesItsOwn(String table) {
        assertThat(rowsFor(DatabaseRole.REPLAY, story.tenant, table)).isPositive();
        assertRefused(DatabaseRole.REPLAY, story.tenant, "DELETE FROM rbac." + table);
        assertRefused(DatabaseRole.RBAC, story.tenant, "SELECT FROM " + Live.SHADOW + "." + table);

        Live.apply(new RbacProjection(Live.SHADOW), story.records, 10);
        assertThat(Live.hash(Live.SHADOW, story.tenant)).isEqualTo(Live.hash("rbac", story.tenant));
    }

    @Test
    void theConsumerAndReplayFindEveryTenantsPosition() {
        for (DatabaseRole role : List.of(DatabaseRole.RBAC, DatabaseRole.REPLAY)) {
            assertThat(rowsFor(role, null, "position")).isPositive();
        }
    }

    private static long rowsFor(DatabaseRole role, String tenant, String table) {
        return Live.DATABASE.transaction(role, connection -> {
            if (tenant != null) {
                dev.chancery.database.Database.setTenant(connection, tenant);
            }
            try (var rows = connection.createStatement().executeQuery("SELECT count(*) FROM rbac." + table)) {
                rows.next();
                return rows.getLong(1);
            }
        });
    }

    private static void assertRefused(DatabaseRole role, String tenant, String sql) {
        assertThatThrownBy(() -> Live.DATABASE.inTenant(role, tenant, connection -> {
                    try (var statement = connection.createStatement()) {
                        return statement.execute(sql);
                    }
                }))
                .isInstanceOfSatisfying(
                        DatabaseUnavailable.class, e -> assertThat(((SQLException) e.getCause()).getSQLState())
                                .isEqualTo(REFUSED));
    }
}
