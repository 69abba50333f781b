package dev.chancery.rbac;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.projection.ViewHash;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.Capability;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.Role;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** One database for all tests of this module, with the live views and a schema to rebuild them in; each test has tenants of its own. */
final class Live {
    static final String SHADOW = "rbac_rebuilt";
    static final Database DATABASE = database();
    static final RbacViews VIEWS = new RbacViews(DATABASE);

    private Live() {}

    private static Database database() {
        Database database = Backing.database("projection", "rbac");
        database.migrate("rbac", SHADOW);
        return database;
    }

    static void apply(Story story) {
        apply(new RbacProjection(), story.records, 1_000);
    }

    /** As a runner does it: dense runs, each in one transaction with the position. */
    static void apply(Projection projection, List<LogRecord> records, int runRecords) {
        for (int from = 0; from < records.size(); from += runRecords) {
            applyRun(projection, records.subList(from, Math.min(records.size(), from + runRecords)));
        }
    }

    static void applyRun(Projection projection, List<LogRecord> run) {
        String tenant = run.getFirst().tenant();
        DATABASE.inTenant(projection.role(), tenant, connection -> {
            projection.apply(connection, tenant, run);
            savePosition(connection, projection.schema(), tenant, run.getLast().position());
            return true;
        });
    }

    private static void savePosition(Connection connection, String schema, String tenant, long position)
            throws SQLException {
        try (var upsert = connection.prepareStatement(
                "INSERT INTO " + schema
                        + ".position (tenant, position) VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET position = excluded.position")) {
            upsert.setString(1, tenant);
            upsert.setLong(2, position);
            upsert.executeUpdate();
        }
    }

    static ViewHash hash(String schema, String tenant) {
        return DATABASE.inTenant(
                DatabaseRole.REPLAY, tenant, connection -> new RbacProjection(schema).contents(connection, tenant));
    }

    static List<Capability> capabilities(String tenant) {
        return VIEWS.capabilities(tenant, new Page<>(200, "")).getCapabilitiesList();
    }

    static List<Role> roles(String tenant) {
        return VIEWS.roles(tenant, new Page<>(200, "")).getRolesList();
    }

    static List<Assignment> assignments(String tenant) {
        return VIEWS.assignments(tenant, ListAssignmentsRequest.getDefaultInstance(), new Page<>(200, Page.Made.NEWEST))
                .orElseThrow()
                .getAssignmentsList();
    }

    static ListAssignmentsRequest of(String principal) {
        return ListAssignmentsRequest.newBuilder().setPrincipalId(principal).build();
    }

    static List<Assignment> assignmentsOf(String tenant, String principal) throws RefusedException {
        return VIEWS.assignments(tenant, of(principal), Page.ofAssignments(200, ""))
                .orElseThrow()
                .getAssignmentsList();
    }

    /** What a superuser reads, whom no policy binds. */
    static List<String> read(String sql) {
        try (Connection superuser = Backing.postgres().superuser(DATABASE.name());
                var statement = superuser.createStatement();
                var rows = statement.executeQuery(sql)) {
            var found = new java.util.ArrayList<String>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
