package dev.chancery.rbac;

import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a run of records changes, folded in memory, so that a row is written once however often the run touches it. The result is
 * that of writing every event by itself, one after the other.
 */
final class RbacRun {
    /** @param capabilities what it bundles; nothing, once retired */
    record RoleState(boolean builtIn, boolean retired, Set<String> capabilities) {}

    record CapabilityKey(String capability, boolean builtIn) {}

    record PrincipalRow(
            int type, long createdPosition, @Nullable Long deactivatedPosition) {}

    record Revocation(UUID principal, long atMicros, long position) {}

    record AssignmentRow(
            UUID principal,
            String role,
            @Nullable UUID workspace,
            @Nullable UUID granter,
            long fromMicros,
            @Nullable Long untilMicros,
            long position,
            @Nullable Revocation revocation) {}

    record Member(UUID workspace, UUID principal) {}

    /** The built-in role, once there is one, and the contract's capabilities: what events of these kinds build on. */
    record BuiltIns(String builtInRole, Set<String> contract) {}

    /** Reads the built-ins as they were before the run: at most once, and only for a run that needs them. */
    @FunctionalInterface
    interface Before {
        BuiltIns read() throws SQLException;
    }

    final Map<String, Versions<RoleState>> roles = new LinkedHashMap<>();
    final Map<CapabilityKey, Versions<Integer>> capabilities = new LinkedHashMap<>();
    final Map<UUID, PrincipalRow> principals = new LinkedHashMap<>();
    /**
     * @param position of the deactivation that counts; null: active
     * @param anew after a reactivation, whatever was before
     */
    record Deactivation(@Nullable Long position, boolean anew) {}

    /** For principals that the run does not create. */
    final Map<UUID, Deactivation> deactivations = new LinkedHashMap<>();

    final Map<UUID, AssignmentRow> assignments = new LinkedHashMap<>();
    /** For assignments that the run does not make. An id may be revoked for several principals; only its holder's revocation counts. */
    final Map<UUID, Map<UUID, Revocation>> revocations = new LinkedHashMap<>();

    final Map<UUID, Long> workspaces = new LinkedHashMap<>();
    final Map<Member, Long> members = new LinkedHashMap<>();

    private final Before before;
    private @Nullable BuiltIns builtIns;

    RbacRun(Before before) {
        this.before = before;
    }

    boolean isEmpty() {
        return roles.isEmpty()
                && capabilities.isEmpty()
                && principals.isEmpty()
                && deactivations.isEmpty()
                && assignments.isEmpty()
                && revocations.isEmpty()
                && workspaces.isEmpty()
                && members.isEmpty();
    }

    /** The contract's capabilities are replaced, and with them what the built-in role bundles. */
    void contract(long position, List<String> adopted) throws SQLException {
        BuiltIns old = builtIns();
        Set<String> now = Set.copyOf(adopted);
        for (String gone : old.contract()) {
            if (!now.contains(gone)) {
                capability(gone, true, position).end(position);
            }
        }
        for (String added : now) {
            if (!old.contract().contains(added)) {
                capability(added, true, position).put(position, 0);
            }
        }
        builtIns = new BuiltIns(old.builtInRole(), now);
        if (!old.builtInRole().isEmpty()) {
            role(old.builtInRole(), position).put(position, new RoleState(true, false, now));
        }
    }

    /** The first grant: the built-in role comes into being and {@code holder} has it. */
    void firstGrant(String builtInRole, String holder, String assignment, long position, long atMicros)
            throws SQLException {
        Set<String> contract = builtIns().contract();
        builtIns = new BuiltIns(builtInRole, contract);
        role(builtInRole, position).put(position, new RoleState(true, false, contract));
        assignments.put(
                UUID.fromString(assignment),
                new AssignmentRow(UUID.fromString(holder), builtInRole, null, null, atMicros, null, position, null));
    }

    void capability(long position, String name, int stepUpSeconds) {
        capability(name, false, position).put(position, stepUpSeconds);
    }

    /** The organisation's own roles never shadow the built-in one: decisions go by the contract there. */
    void role(long position, String name, boolean retired, List<String> bundle) throws SQLException {
        if (!name.equals(builtIns().builtInRole())) {
            Set<String> capabilities = retired ? Set.of() : Set.copyOf(bundle);
            role(name, position).put(position, new RoleState(false, retired, capabilities));
        }
    }

    void created(long position, PrincipalCreated event) {
        principals.put(UUID.fromString(event.getPrincipalId()), new PrincipalRow(event.getTypeValue(), position, null));
    }

    void deactivated(long position, String principal) {
        UUID id = UUID.fromString(principal);
        PrincipalRow row = principals.get(id);
        if (row == null) {
            Deactivation before = deactivations.get(id);
            if (before == null || before.position() == null) {
                deactivations.put(id, new Deactivation(position, before != null));
            }
        } else if (row.deactivatedPosition() == null) {
            principals.put(id, new PrincipalRow(row.type(), row.createdPosition(), position));
        }
    }

    void reactivated(String principal) {
        UUID id = UUID.fromString(principal);
        PrincipalRow row = principals.get(id);
        if (row == null) {
            deactivations.put(id, new Deactivation(null, true));
        } else {
            principals.put(id, new PrincipalRow(row.type(), row.createdPosition(), null));
        }
    }

    void assigned(long position, RoleAssigned event) {
        assignments.put(
                UUID.fromString(event.getAssignmentId()),
                new AssignmentRow(
                        UUID.fromString(event.getPrincipalId()),
                        event.getRole(),
                        idOrNull(event.getWorkspaceId()),
                        idOrNull(event.getGranterId()),
                        event.getFromMicros(),
                        event.getUntilMicros() == 0 ? null : event.getUntilMicros(),
                        position,
                        null));
    }

    void revoked(long position, long atMicros, AssignmentRevoked event) {
        UUID id = UUID.fromString(event.getAssignmentId());
        var revocation = new Revocation(UUID.fromString(event.getPrincipalId()), atMicros, position);
        AssignmentRow row = assignments.get(id);
        if (row == null) {
            revocations
                    .computeIfAbsent(id, unknown -> new LinkedHashMap<>())
                    .putIfAbsent(revocation.principal(), revocation);
        } else if (row.revocation() == null && row.principal().equals(revocation.principal())) {
            assignments.put(
                    id,
                    new AssignmentRow(
                            row.principal(),
                            row.role(),
                            row.workspace(),
                            row.granter(),
                            row.fromMicros(),
                            row.untilMicros(),
                            row.position(),
                            revocation));
        }
    }

    void workspace(long position, String id) {
        workspaces.putIfAbsent(UUID.fromString(id), position);
    }

    void member(long position, String workspace, String principal) {
        members.putIfAbsent(new Member(UUID.fromString(workspace), UUID.fromString(principal)), position);
    }

    private BuiltIns builtIns() throws SQLException {
        BuiltIns known = builtIns;
        if (known == null) {
            known = before.read();
            builtIns = known;
        }
        return known;
    }

    private Versions<RoleState> role(String name, long position) {
        return roles.computeIfAbsent(name, unknown -> new Versions<>(position));
    }

    private Versions<Integer> capability(String name, boolean builtIn, long position) {
        return capabilities.computeIfAbsent(new CapabilityKey(name, builtIn), unknown -> new Versions<>(position));
    }

    private static @Nullable UUID idOrNull(String id) {
        return id.isEmpty() ? null : UUID.fromString(id);
    }
}
