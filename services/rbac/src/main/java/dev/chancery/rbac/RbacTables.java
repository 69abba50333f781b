package dev.chancery.rbac;

import dev.chancery.rbac.RbacRun.AssignmentRow;
import dev.chancery.rbac.RbacRun.CapabilityKey;
import dev.chancery.rbac.RbacRun.Member;
import dev.chancery.rbac.RbacRun.PrincipalRow;
import dev.chancery.rbac.RbacRun.Revocation;
import dev.chancery.rbac.RbacRun.RoleState;
import dev.chancery.rbac.RbacRun.Standing;
import dev.chancery.rbac.Rows.Type;
import dev.chancery.rbac.Versions.Version;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The only SQL that writes the views: one statement a table and kind of change, whatever the number of rows. What ends a row that
 * stood before the run goes before what the run adds.
 */
final class RbacTables {
    private final String schema;
    private final String readContract;
    private final String readBuiltInRole;

    RbacTables(String schema) {
        this.schema = requireName(schema);
        this.readContract = "SELECT capability FROM " + schema
                + ".capability WHERE tenant = ? AND built_in AND valid_to_position IS NULL";
        this.readBuiltInRole = "SELECT role FROM " + schema
                + ".role WHERE tenant = ? AND built_in AND valid_to_position IS NULL ORDER BY valid_from_position DESC LIMIT 1";
    }

    /** A schema's name goes into SQL as it is. */
    static String requireName(String schema) {
        if (!schema.matches("[a-z][a-z0-9_]{0,62}")) {
            throw new IllegalArgumentException("not a schema's name");
        }
        return schema;
    }

    Standing standing(Connection connection, String tenant) throws SQLException {
        Set<String> contract = strings(connection, readContract, tenant);
        Set<String> builtIn = strings(connection, readBuiltInRole, tenant);
        return new Standing(builtIn.isEmpty() ? "" : builtIn.iterator().next(), Set.copyOf(contract));
    }

    void write(Connection connection, String tenant, RbacRun run) throws SQLException {
        writeRoles(connection, tenant, run.roles);
        writeCapabilities(connection, tenant, run.capabilities);
        writePrincipals(connection, tenant, run);
        writeAssignments(connection, tenant, run);
        writeWorkspaces(connection, tenant, run);
    }

    private void writeRoles(Connection connection, String tenant, Map<String, Versions<RoleState>> roles)
            throws SQLException {
        var ended = new Rows(Type.TEXT, Type.BIGINT);
        var versions = new Rows(Type.TEXT, Type.BOOLEAN, Type.BOOLEAN, Type.BIGINT, Type.BIGINT);
        var bundles = new Rows(Type.TEXT, Type.BIGINT, Type.TEXT);
        roles.forEach((role, changed) -> {
            ended.add(role, changed.first());
            for (Version<RoleState> version : changed.versions()) {
                RoleState state = version.value();
                versions.add(role, state.builtIn(), state.retired(), version.from(), version.to());
                state.capabilities().forEach(capability -> bundles.add(role, version.from(), capability));
            }
        });
        ended.execute(connection, tenant, """
                UPDATE %1$s.role t SET valid_to_position = r.ended
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::text[], ?::bigint[]) AS u(role, ended)) AS r
                WHERE t.tenant = r.tenant AND t.role = r.role AND t.valid_to_position IS NULL""", schema);
        versions.execute(connection, tenant, """
                INSERT INTO %1$s.role (tenant, role, built_in, retired, valid_from_position, valid_to_position)
                SELECT ?, * FROM unnest(?::text[], ?::boolean[], ?::boolean[], ?::bigint[], ?::bigint[])""", schema);
        bundles.execute(connection, tenant, """
                INSERT INTO %1$s.role_capability (tenant, role, valid_from_position, capability)
                SELECT ?, * FROM unnest(?::text[], ?::bigint[], ?::text[])""", schema);
    }

    private void writeCapabilities(
            Connection connection, String tenant, Map<CapabilityKey, Versions<Integer>> capabilities)
            throws SQLException {
        var ended = new Rows(Type.TEXT, Type.BOOLEAN, Type.BIGINT);
        var versions = new Rows(Type.TEXT, Type.BOOLEAN, Type.BIGINT, Type.BIGINT, Type.BIGINT);
        capabilities.forEach((key, changed) -> {
            ended.add(key.capability(), key.builtIn(), changed.first());
            for (Version<Integer> version : changed.versions()) {
                long stepUpSeconds = Integer.toUnsignedLong(version.value());
                versions.add(key.capability(), key.builtIn(), stepUpSeconds, version.from(), version.to());
            }
        });
        ended.execute(
                connection, tenant, """
                UPDATE %1$s.capability t SET valid_to_position = c.ended
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::text[], ?::boolean[], ?::bigint[]) AS u(capability, built_in, ended)) AS c
                WHERE t.tenant = c.tenant AND t.capability = c.capability AND t.built_in = c.built_in AND t.valid_to_position IS NULL""", schema);
        versions.execute(
                connection, tenant, """
                INSERT INTO %1$s.capability (tenant, capability, built_in, step_up_seconds, valid_from_position, valid_to_position)
                SELECT ?, * FROM unnest(?::text[], ?::boolean[], ?::bigint[], ?::bigint[], ?::bigint[])""", schema);
    }

    private void writePrincipals(Connection connection, String tenant, RbacRun run) throws SQLException {
        var deactivated = new Rows(Type.UUID, Type.BIGINT);
        run.deactivations.forEach(deactivated::add);
        deactivated.execute(
                connection, tenant, """
                UPDATE %1$s.principal t SET deactivated_position = d.position
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::uuid[], ?::bigint[]) AS u(principal, position)) AS d
                WHERE t.tenant = d.tenant AND t.principal = d.principal AND t.deactivated_position IS NULL""", schema);
        var created = new Rows(Type.UUID, Type.INTEGER, Type.BIGINT, Type.BIGINT);
        run.principals.forEach((UUID id, PrincipalRow row) ->
                created.add(id, row.type(), row.createdPosition(), row.deactivatedPosition()));
        created.execute(connection, tenant, """
                INSERT INTO %1$s.principal (tenant, principal, type, created_position, deactivated_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::integer[], ?::bigint[], ?::bigint[])
                ON CONFLICT (tenant, principal) DO UPDATE SET type = excluded.type,
                    created_position = excluded.created_position, deactivated_position = excluded.deactivated_position""", schema);
    }

    private void writeAssignments(Connection connection, String tenant, RbacRun run) throws SQLException {
        var revoked = new Rows(Type.UUID, Type.UUID, Type.BIGINT, Type.BIGINT);
        run.revocations.forEach((assignment, ofPrincipals) -> ofPrincipals
                .values()
                .forEach(revocation -> revoked.add(
                        assignment, revocation.principal(), revocation.atMicros(), revocation.position())));
        revoked.execute(
                connection, tenant, """
                UPDATE %1$s.assignment t SET revoked_at_micros = r.at_micros, revoked_position = r.position
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::uuid[], ?::uuid[], ?::bigint[], ?::bigint[])
                    AS u(assignment, principal, at_micros, position)) AS r
                WHERE t.tenant = r.tenant AND t.assignment = r.assignment AND t.principal = r.principal AND t.revoked_position IS NULL""", schema);
        var assigned = new Rows(
                Type.UUID,
                Type.UUID,
                Type.TEXT,
                Type.UUID,
                Type.UUID,
                Type.BIGINT,
                Type.BIGINT,
                Type.BIGINT,
                Type.BIGINT,
                Type.BIGINT);
        run.assignments.forEach((UUID id, AssignmentRow row) -> {
            Revocation revocation = row.revocation();
            assigned.add(
                    id,
                    row.principal(),
                    row.role(),
                    row.workspace(),
                    row.granter(),
                    row.fromMicros(),
                    row.untilMicros(),
                    row.position(),
                    revocation == null ? null : revocation.atMicros(),
                    revocation == null ? null : revocation.position());
        });
        assigned.execute(connection, tenant, """
                INSERT INTO %1$s.assignment (tenant, assignment, principal, role, workspace, granter, from_micros, until_micros,
                    position, revoked_at_micros, revoked_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::uuid[], ?::text[], ?::uuid[], ?::uuid[], ?::bigint[], ?::bigint[],
                    ?::bigint[], ?::bigint[], ?::bigint[])
                ON CONFLICT (tenant, assignment) DO UPDATE SET principal = excluded.principal, role = excluded.role,
                    workspace = excluded.workspace, granter = excluded.granter, from_micros = excluded.from_micros,
                    until_micros = excluded.until_micros, position = excluded.position,
                    revoked_at_micros = excluded.revoked_at_micros, revoked_position = excluded.revoked_position""", schema);
    }

    private void writeWorkspaces(Connection connection, String tenant, RbacRun run) throws SQLException {
        var workspaces = new Rows(Type.UUID, Type.BIGINT);
        run.workspaces.forEach(workspaces::add);
        workspaces.execute(connection, tenant, """
                INSERT INTO %1$s.workspace (tenant, workspace, created_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::bigint[]) ON CONFLICT DO NOTHING""", schema);
        var members = new Rows(Type.UUID, Type.UUID, Type.BIGINT);
        run.members.forEach(
                (Member member, Long position) -> members.add(member.workspace(), member.principal(), position));
        members.execute(connection, tenant, """
                INSERT INTO %1$s.member (tenant, workspace, principal, added_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::uuid[], ?::bigint[]) ON CONFLICT DO NOTHING""", schema);
    }

    private static Set<String> strings(Connection connection, String sql, String tenant) throws SQLException {
        try (var query = connection.prepareStatement(sql)) {
            query.setString(1, tenant);
            try (var rows = query.executeQuery()) {
                var found = new HashSet<String>();
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
                return found;
            }
        }
    }
}
