package dev.chancery.rbac;

import dev.chancery.rbac.RbacRun.AssignmentRow;
import dev.chancery.rbac.RbacRun.BuiltIns;
import dev.chancery.rbac.RbacRun.CapabilityKey;
import dev.chancery.rbac.RbacRun.CapabilityState;
import dev.chancery.rbac.RbacRun.GroupMember;
import dev.chancery.rbac.RbacRun.GroupRow;
import dev.chancery.rbac.RbacRun.Member;
import dev.chancery.rbac.RbacRun.PrincipalRow;
import dev.chancery.rbac.RbacRun.Revocation;
import dev.chancery.rbac.RbacRun.RoleState;
import dev.chancery.rbac.Rows.Column;
import dev.chancery.rbac.Versions.Version;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The only SQL that writes the views: one statement a table and kind of change, whatever the number of rows. What ends a row that
 * stood before the run goes before what the run adds.
 *
 * <p>What ends rows is an INSERT of those rows, found one by one by their key, that conflicts with every one of them. An UPDATE that
 * joins would say the same and leave the planner a choice: of tables that grow and were never analysed, as in a replay, it takes a
 * tenant for a 200th of all rows, reads all of them for each run, and the millionth record costs what the first thousand did.
 */
final class RbacTables {
    private final String schema;
    private final String readContract;
    private final String readBuiltInRole;

    RbacTables(String schema) {
        this.schema = requireName(schema);
        this.readContract =
                "SELECT capability, step_up_seconds, break_glass_only, consent_required, consent_purpose FROM " + schema
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

    BuiltIns builtIns(Connection connection, String tenant) throws SQLException {
        Map<String, CapabilityState> contract = new HashMap<>();
        try (var query = connection.prepareStatement(readContract)) {
            query.setString(1, tenant);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    var state = new CapabilityState(
                            (int) rows.getLong(2), rows.getBoolean(3), rows.getBoolean(4), rows.getString(5));
                    contract.put(rows.getString(1), state);
                }
            }
        }
        return new BuiltIns(builtInRole(connection, tenant), contract);
    }

    private String builtInRole(Connection connection, String tenant) throws SQLException {
        try (var query = connection.prepareStatement(readBuiltInRole)) {
            query.setString(1, tenant);
            try (var row = query.executeQuery()) {
                return row.next() ? row.getString(1) : "";
            }
        }
    }

    void write(Connection connection, String tenant, RbacRun run) throws SQLException {
        planAnew(connection);
        writeRoles(connection, tenant, run.roles);
        writeCapabilities(connection, tenant, run.capabilities);
        writePrincipals(connection, tenant, run);
        writeAssignments(connection, tenant, run);
        writeWorkspaces(connection, tenant, run);
        writeGroups(connection, tenant, run);
    }

    /** A plan made while a table was small scans it, and PostgreSQL would keep that plan while a replay fills the table. */
    private static void planAnew(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("SET LOCAL plan_cache_mode = force_custom_plan");
        }
    }

    private void writeRoles(Connection connection, String tenant, Map<String, Versions<RoleState>> roles)
            throws SQLException {
        var ended = new Rows(Column.TEXT, Column.BIGINT);
        var versions = new Rows(Column.TEXT, Column.BOOLEAN, Column.BOOLEAN, Column.BIGINT, Column.BIGINT);
        var bundles = new Rows(Column.TEXT, Column.BIGINT, Column.TEXT);
        roles.forEach((role, changed) -> {
            ended.add(role, changed.first());
            for (Version<RoleState> version : changed.versions()) {
                RoleState state = version.value();
                versions.add(role, state.builtIn(), state.retired(), version.from(), version.to());
                state.capabilities().forEach(capability -> bundles.add(role, version.from(), capability));
            }
        });
        ended.execute(connection, tenant, """
                INSERT INTO %1$s.role (tenant, role, built_in, retired, valid_from_position, valid_to_position)
                SELECT t.tenant, t.role, t.built_in, t.retired, t.valid_from_position, r.ended
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::text[], ?::bigint[]) AS u(role, ended)) AS r
                CROSS JOIN LATERAL (SELECT * FROM %1$s.role AS x
                    WHERE x.tenant = r.tenant AND x.role = r.role AND x.valid_to_position IS NULL LIMIT 1) AS t
                ON CONFLICT (tenant, role, valid_from_position) DO UPDATE SET valid_to_position = excluded.valid_to_position""", schema);
        versions.execute(connection, tenant, """
                INSERT INTO %1$s.role (tenant, role, built_in, retired, valid_from_position, valid_to_position)
                SELECT ?, * FROM unnest(?::text[], ?::boolean[], ?::boolean[], ?::bigint[], ?::bigint[])""", schema);
        bundles.execute(connection, tenant, """
                INSERT INTO %1$s.role_capability (tenant, role, valid_from_position, capability)
                SELECT ?, * FROM unnest(?::text[], ?::bigint[], ?::text[])""", schema);
    }

    private void writeCapabilities(
            Connection connection, String tenant, Map<CapabilityKey, Versions<CapabilityState>> capabilities)
            throws SQLException {
        var ended = new Rows(Column.TEXT, Column.BOOLEAN, Column.BIGINT);
        var versions = new Rows(
                Column.TEXT,
                Column.BOOLEAN,
                Column.BIGINT,
                Column.BOOLEAN,
                Column.BOOLEAN,
                Column.TEXT,
                Column.BIGINT,
                Column.BIGINT);
        capabilities.forEach((key, changed) -> {
            ended.add(key.capability(), key.builtIn(), changed.first());
            for (Version<CapabilityState> version : changed.versions()) {
                CapabilityState state = version.value();
                versions.add(
                        key.capability(),
                        key.builtIn(),
                        Integer.toUnsignedLong(state.stepUpSeconds()),
                        state.breakGlassOnly(),
                        state.consentRequired(),
                        state.consentPurpose(),
                        version.from(),
                        version.to());
            }
        });
        ended.execute(connection, tenant, """
                INSERT INTO %1$s.capability (tenant, capability, built_in, step_up_seconds, break_glass_only,
                    consent_required, consent_purpose, valid_from_position, valid_to_position)
                SELECT t.tenant, t.capability, t.built_in, t.step_up_seconds, t.break_glass_only, t.consent_required,
                    t.consent_purpose, t.valid_from_position, r.ended
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::text[], ?::boolean[], ?::bigint[])
                    AS u(capability, built_in, ended)) AS r
                CROSS JOIN LATERAL (SELECT * FROM %1$s.capability AS x
                    WHERE x.tenant = r.tenant AND x.capability = r.capability AND x.built_in = r.built_in
                        AND x.valid_to_position IS NULL LIMIT 1) AS t
                ON CONFLICT (tenant, capability, built_in, valid_from_position)
                    DO UPDATE SET valid_to_position = excluded.valid_to_position""", schema);
        versions.execute(connection, tenant, """
                INSERT INTO %1$s.capability (tenant, capability, built_in, step_up_seconds, break_glass_only,
                    consent_required, consent_purpose, valid_from_position, valid_to_position)
                SELECT ?, * FROM unnest(?::text[], ?::boolean[], ?::bigint[], ?::boolean[], ?::boolean[], ?::text[],
                    ?::bigint[], ?::bigint[])""", schema);
    }

    private void writePrincipals(Connection connection, String tenant, RbacRun run) throws SQLException {
        var deactivated = new Rows(Column.UUID, Column.BIGINT, Column.BOOLEAN);
        run.deactivations.forEach(
                (id, deactivation) -> deactivated.add(id, deactivation.position(), deactivation.anew()));
        deactivated.execute(connection, tenant, """
                INSERT INTO %1$s.principal (tenant, principal, type, created_position, deactivated_position)
                SELECT t.tenant, t.principal, t.type, t.created_position, r.position
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::uuid[], ?::bigint[], ?::boolean[])
                    AS u(principal, position, anew)) AS r
                CROSS JOIN LATERAL (SELECT * FROM %1$s.principal AS x
                    WHERE x.tenant = r.tenant AND x.principal = r.principal LIMIT 1) AS t
                WHERE t.deactivated_position IS NULL OR r.anew
                ON CONFLICT (tenant, principal) DO UPDATE SET deactivated_position = excluded.deactivated_position""", schema);
        var created = new Rows(Column.UUID, Column.INTEGER, Column.BIGINT, Column.BIGINT);
        run.principals.forEach((UUID id, PrincipalRow row) ->
                created.add(id, row.type(), row.createdPosition(), row.deactivatedPosition()));
        created.execute(connection, tenant, """
                INSERT INTO %1$s.principal (tenant, principal, type, created_position, deactivated_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::integer[], ?::bigint[], ?::bigint[])
                ON CONFLICT (tenant, principal) DO UPDATE SET type = excluded.type,
                    created_position = excluded.created_position, deactivated_position = excluded.deactivated_position""", schema);
    }

    private void writeAssignments(Connection connection, String tenant, RbacRun run) throws SQLException {
        var revoked = new Rows(Column.UUID, Column.UUID, Column.BIGINT, Column.BIGINT);
        run.revocations.forEach((assignment, ofHolders) -> ofHolders
                .values()
                .forEach(revocation ->
                        revoked.add(assignment, revocation.holder(), revocation.atMicros(), revocation.position())));
        revoked.execute(connection, tenant, """
                INSERT INTO %1$s.assignment (tenant, assignment, principal, group_id, role, workspace, granter, from_micros, until_micros,
                    position, revoked_at_micros, revoked_position)
                SELECT t.tenant, t.assignment, t.principal, t.group_id, t.role, t.workspace, t.granter, t.from_micros, t.until_micros,
                    t.position, r.at_micros, r.position
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::uuid[], ?::uuid[], ?::bigint[], ?::bigint[])
                    AS u(assignment, holder, at_micros, position)) AS r
                CROSS JOIN LATERAL (SELECT * FROM %1$s.assignment AS x
                    WHERE x.tenant = r.tenant AND x.assignment = r.assignment LIMIT 1) AS t
                WHERE coalesce(t.group_id, t.principal) = r.holder AND t.revoked_position IS NULL
                ON CONFLICT (tenant, assignment) DO UPDATE SET revoked_at_micros = excluded.revoked_at_micros,
                    revoked_position = excluded.revoked_position""", schema);
        var assigned = new Rows(
                Column.UUID,
                Column.UUID,
                Column.UUID,
                Column.TEXT,
                Column.UUID,
                Column.UUID,
                Column.BIGINT,
                Column.BIGINT,
                Column.BIGINT,
                Column.BIGINT,
                Column.BIGINT);
        run.assignments.forEach((UUID id, AssignmentRow row) -> {
            Revocation revocation = row.revocation();
            assigned.add(
                    id,
                    row.principal(),
                    row.group(),
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
                INSERT INTO %1$s.assignment (tenant, assignment, principal, group_id, role, workspace, granter, from_micros, until_micros,
                    position, revoked_at_micros, revoked_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::uuid[], ?::uuid[], ?::bigint[], ?::bigint[],
                    ?::bigint[], ?::bigint[], ?::bigint[])
                ON CONFLICT (tenant, assignment) DO UPDATE SET principal = excluded.principal, group_id = excluded.group_id, role = excluded.role,
                    workspace = excluded.workspace, granter = excluded.granter, from_micros = excluded.from_micros,
                    until_micros = excluded.until_micros, position = excluded.position,
                    revoked_at_micros = excluded.revoked_at_micros, revoked_position = excluded.revoked_position""", schema);
    }

    private void writeWorkspaces(Connection connection, String tenant, RbacRun run) throws SQLException {
        var workspaces = new Rows(Column.UUID, Column.BIGINT);
        run.workspaces.forEach(workspaces::add);
        workspaces.execute(connection, tenant, """
                INSERT INTO %1$s.workspace (tenant, workspace, created_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::bigint[]) ON CONFLICT DO NOTHING""", schema);
        var members = new Rows(Column.UUID, Column.UUID, Column.BIGINT);
        run.members.forEach(
                (Member member, Long position) -> members.add(member.workspace(), member.principal(), position));
        members.execute(connection, tenant, """
                INSERT INTO %1$s.member (tenant, workspace, principal, added_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::uuid[], ?::bigint[]) ON CONFLICT DO NOTHING""", schema);
    }

    private void writeGroups(Connection connection, String tenant, RbacRun run) throws SQLException {
        var groups = new Rows(Column.UUID, Column.TEXT, Column.BIGINT);
        run.groups.forEach((UUID id, GroupRow row) -> groups.add(id, row.name(), row.madePosition()));
        groups.execute(connection, tenant, """
                INSERT INTO %1$s.access_group (tenant, group_id, name, made_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::text[], ?::bigint[]) ON CONFLICT DO NOTHING""", schema);
        var retired = new Rows(Column.UUID, Column.BIGINT);
        run.retiredGroups.forEach(retired::add);
        retired.execute(connection, tenant, """
                INSERT INTO %1$s.access_group (tenant, group_id, name, made_position, retired_position)
                SELECT t.tenant, t.group_id, t.name, t.made_position, r.position
                FROM (SELECT ?::text AS tenant, u.* FROM unnest(?::uuid[], ?::bigint[]) AS u(group_id, position)) AS r
                CROSS JOIN LATERAL (SELECT * FROM %1$s.access_group AS x
                    WHERE x.tenant = r.tenant AND x.group_id = r.group_id LIMIT 1) AS t
                ON CONFLICT (tenant, group_id) DO UPDATE SET retired_position = excluded.retired_position""", schema);
        var members = new Rows(Column.UUID, Column.UUID, Column.BIGINT);
        run.groupMembers.forEach((GroupMember member, @Nullable Long position) ->
                members.add(member.group(), member.principal(), position));
        // Nobody's row is deleted: who has left has no position.
        members.execute(connection, tenant, """
                INSERT INTO %1$s.group_member (tenant, group_id, principal, added_position)
                SELECT ?, * FROM unnest(?::uuid[], ?::uuid[], ?::bigint[])
                ON CONFLICT (tenant, group_id, principal) DO UPDATE SET added_position = excluded.added_position""", schema);
    }
}
