package dev.chancery.rbac;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.rbac.Page.Made;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.Capability;
import dev.chancery.schema.rbac.v1.ListAssignmentsReply;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.ListCapabilitiesReply;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.Role;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * The lists, as the live views have them now. Each page is one statement, so what it shows was all true at one position.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class RbacViews {
    // One capability may be the organisation's own and, since an upgrade, the contract's too: then it is the
    // contract's, and the
    // stricter step-up counts.
    private static final String CAPABILITIES = """
            SELECT capability, coalesce(min(step_up_seconds) FILTER (WHERE step_up_seconds > 0), 0), bool_or(built_in),
                bool_or(break_glass_only), bool_or(consent_required), max(consent_purpose)
            FROM rbac.capability
            WHERE tenant = ? AND capability > ? AND valid_to_position IS NULL
            GROUP BY capability ORDER BY capability LIMIT ?""";

    private static final String ROLES = """
            SELECT r.role, r.built_in, r.retired, ARRAY(
                SELECT c.capability FROM rbac.role_capability c
                WHERE c.tenant = r.tenant AND c.role = r.role AND c.valid_from_position = r.valid_from_position
                ORDER BY c.capability)
            FROM rbac.role r
            WHERE r.tenant = ? AND r.role > ? AND r.valid_to_position IS NULL
            ORDER BY r.role LIMIT ?""";

    private static final String ASSIGNMENTS = """
            SELECT a.assignment, a.principal, a.role, a.workspace, a.granter, a.from_micros, a.until_micros, a.revoked_at_micros,
                a.position, (SELECT g.name FROM rbac.access_group g WHERE g.tenant = a.tenant AND g.group_id = a.group_id)
            FROM rbac.assignment a
            WHERE a.tenant = ? AND (a.position, a.assignment) < (?, ?) %s
            ORDER BY a.position DESC, a.assignment DESC LIMIT ?""";

    private static final String OF_PRINCIPAL = "AND a.principal = ?::uuid";
    private static final String OF_GROUP = "AND a.group_id = (SELECT g.group_id FROM rbac.access_group g"
            + " WHERE g.tenant = a.tenant AND g.name = ? AND g.retired_position IS NULL)";
    private static final String WITHOUT_END = "AND a.until_micros IS NULL AND a.revoked_position IS NULL";

    private static final String PRINCIPAL = "SELECT FROM rbac.principal WHERE tenant = ? AND principal = ?";

    private final Database database;

    RbacViews(Database database) {
        this.database = database;
    }

    ListCapabilitiesReply capabilities(String tenant, Page<String> page) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var reply = ListCapabilitiesReply.newBuilder();
            try (var query = byName(connection, CAPABILITIES, tenant, page);
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    if (reply.getCapabilitiesCount() == page.size()) {
                        return reply.setNextPage(
                                        reply.getCapabilities(page.size() - 1).getCapability())
                                .build();
                    }
                    reply.addCapabilities(Capability.newBuilder()
                            .setCapability(rows.getString(1))
                            .setStepUpSeconds((int) rows.getLong(2))
                            .setBuiltIn(rows.getBoolean(3))
                            .setBreakGlassOnly(rows.getBoolean(4))
                            .setConsentRequired(rows.getBoolean(5))
                            .setConsentPurpose(rows.getString(6)));
                }
            }
            return reply.build();
        });
    }

    ListRolesReply roles(String tenant, Page<String> page) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var reply = ListRolesReply.newBuilder();
            try (var query = byName(connection, ROLES, tenant, page);
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    if (reply.getRolesCount() == page.size()) {
                        return reply.setNextPage(reply.getRoles(page.size() - 1).getRole())
                                .build();
                    }
                    reply.addRoles(Role.newBuilder()
                            .setRole(rows.getString(1))
                            .setBuiltIn(rows.getBoolean(2))
                            .setRetired(rows.getBoolean(3))
                            .addAllCapabilities(
                                    List.of((String[]) rows.getArray(4).getArray())));
                }
            }
            return reply.build();
        });
    }

    /**
     * Newest first.
     *
     * @return empty when the tenant has no such principal
     */
    Optional<ListAssignmentsReply> assignments(String tenant, ListAssignmentsRequest request, Page<Made> page) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            if (!request.getPrincipalId().isEmpty() && !exists(connection, tenant, request.getPrincipalId())) {
                return Optional.empty();
            }
            var reply = ListAssignmentsReply.newBuilder();
            try (var query = newest(connection, tenant, request, page);
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    if (reply.getAssignmentsCount() == page.size()) {
                        Assignment last = reply.getAssignments(page.size() - 1);
                        var key = new Made(last.getPosition(), UUID.fromString(last.getAssignmentId()));
                        return Optional.of(reply.setNextPage(key.token()).build());
                    }
                    reply.addAssignments(assignment(rows));
                }
            }
            return Optional.of(reply.build());
        });
    }

    /** One row more than the page has tells whether there is a next one. */
    private static PreparedStatement byName(Connection connection, String sql, String tenant, Page<String> page)
            throws SQLException {
        var query = connection.prepareStatement(sql);
        query.setString(1, tenant);
        query.setString(2, page.after());
        query.setInt(3, page.size() + 1);
        return query;
    }

    private static PreparedStatement newest(
            Connection connection, String tenant, ListAssignmentsRequest request, Page<Made> page) throws SQLException {
        List<String> where = new ArrayList<>();
        List<String> values = new ArrayList<>();
        if (!request.getPrincipalId().isEmpty()) {
            where.add(OF_PRINCIPAL);
            values.add(request.getPrincipalId());
        }
        if (!request.getGroup().isEmpty()) {
            where.add(OF_GROUP);
            values.add(request.getGroup());
        }
        if (request.getWithoutEnd()) {
            where.add(WITHOUT_END);
        }
        var query = connection.prepareStatement(String.format(Locale.ROOT, ASSIGNMENTS, String.join(" ", where)));
        int parameter = 1;
        query.setString(parameter++, tenant);
        query.setLong(parameter++, page.after().position());
        query.setObject(parameter++, page.after().assignment());
        for (String value : values) {
            query.setString(parameter++, value);
        }
        query.setInt(parameter, page.size() + 1);
        return query;
    }

    private static boolean exists(Connection connection, String tenant, String principal) throws SQLException {
        try (var query = connection.prepareStatement(PRINCIPAL)) {
            query.setString(1, tenant);
            query.setObject(2, UUID.fromString(principal));
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    private static Assignment assignment(ResultSet row) throws SQLException {
        return Assignment.newBuilder()
                .setAssignmentId(row.getString(1))
                .setPrincipalId(Objects.requireNonNullElse(row.getString(2), ""))
                .setRole(row.getString(3))
                .setWorkspaceId(Objects.requireNonNullElse(row.getString(4), ""))
                .setGranterId(Objects.requireNonNullElse(row.getString(5), ""))
                .setFromMillis(millis(row.getLong(6)))
                .setUntilMillis(millis(row.getLong(7)))
                .setRevokedAtMillis(millis(row.getLong(8)))
                .setPosition(row.getLong(9))
                .setGroup(Objects.requireNonNullElse(row.getString(10), ""))
                .setWithoutEnd(row.getLong(7) == 0 && row.getLong(8) == 0)
                .build();
    }

    /** No time is 0 in the table's null as in the reply. */
    private static long millis(long micros) {
        return Math.floorDiv(micros, 1000L);
    }
}
