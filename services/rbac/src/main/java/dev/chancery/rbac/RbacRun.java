package dev.chancery.rbac;

import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import dev.chancery.schema.access.v1.GroupRetired;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    /**
     * @param stepUpSeconds unsigned
     * @param consentPurpose empty where it takes no consent
     */
    record CapabilityState(int stepUpSeconds, boolean breakGlassOnly, boolean consentRequired, String consentPurpose) {
        static final CapabilityState PLAIN = new CapabilityState(0, false, false, "");
    }

    record GroupRow(String name, long madePosition) {}

    record CapabilityKey(String capability, boolean builtIn) {}

    record PrincipalRow(
            int type, long createdPosition, @Nullable Long deactivatedPosition) {}

    /** @param holder the principal or the group */
    record Revocation(UUID holder, long atMicros, long position) {}

    record AssignmentRow(
            @Nullable UUID principal,
            @Nullable UUID group,
            String role,
            @Nullable UUID workspace,
            @Nullable UUID granter,
            long fromMicros,
            @Nullable Long untilMicros,
            long position,
            @Nullable Revocation revocation) {
        UUID holder() {
            return Objects.requireNonNull(group == null ? principal : group);
        }
    }

    record Member(UUID workspace, UUID principal) {}

    record GroupMember(UUID group, UUID principal) {}

    /** The built-in role, once there is one, and the contract's capabilities: what events of these kinds build on. */
    record BuiltIns(String builtInRole, Map<String, CapabilityState> contract) {}

    /** Reads the built-ins as they were before the run: at most once, and only for a run that needs them. */
    @FunctionalInterface
    interface Before {
        BuiltIns read() throws SQLException;
    }

    final Map<String, Versions<RoleState>> roles = new LinkedHashMap<>();
    final Map<CapabilityKey, Versions<CapabilityState>> capabilities = new LinkedHashMap<>();
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
    final Map<UUID, GroupRow> groups = new LinkedHashMap<>();
    final Map<UUID, Long> retiredGroups = new LinkedHashMap<>();
    /** Where each was added last; null: it is no member. */
    final Map<GroupMember, @Nullable Long> groupMembers = new LinkedHashMap<>();

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
                && members.isEmpty()
                && groups.isEmpty()
                && retiredGroups.isEmpty()
                && groupMembers.isEmpty();
    }

    /** The contract's capabilities are replaced, and with them what the built-in role bundles. */
    void contract(long position, Map<String, CapabilityState> now) throws SQLException {
        BuiltIns old = builtIns();
        for (String gone : old.contract().keySet()) {
            if (!now.containsKey(gone)) {
                capability(gone, true, position).end(position);
            }
        }
        now.forEach((name, state) -> {
            if (!state.equals(old.contract().get(name))) {
                capability(name, true, position).put(position, state);
            }
        });
        builtIns = new BuiltIns(old.builtInRole(), now);
        if (!old.builtInRole().isEmpty()) {
            role(old.builtInRole(), position).put(position, new RoleState(true, false, now.keySet()));
        }
    }

    /** The first grant: the built-in role comes into being and {@code holder} has it. */
    void firstGrant(String builtInRole, String holder, String assignment, long position, long atMicros)
            throws SQLException {
        Map<String, CapabilityState> contract = builtIns().contract();
        builtIns = new BuiltIns(builtInRole, contract);
        role(builtInRole, position).put(position, new RoleState(true, false, contract.keySet()));
        assignments.put(
                UUID.fromString(assignment),
                new AssignmentRow(
                        UUID.fromString(holder), null, builtInRole, null, null, atMicros, null, position, null));
    }

    void capability(long position, CapabilityDefined event) {
        capability(event.getCapability(), false, position)
                .put(
                        position,
                        new CapabilityState(
                                event.getStepUpSeconds(),
                                event.getBreakGlassOnly(),
                                event.getConsentRequired(),
                                event.getConsentPurpose()));
    }

    void retired(long position, CapabilityRetired event) {
        capability(event.getCapability(), false, position).end(position);
    }

    /** Defined again, a group keeps the position that made it. */
    void group(long position, GroupDefined event) {
        groups.putIfAbsent(UUID.fromString(event.getGroupId()), new GroupRow(event.getGroup(), position));
    }

    void retired(long position, GroupRetired event) {
        retiredGroups.put(UUID.fromString(event.getGroupId()), position);
    }

    void added(long position, GroupMemberAdded event) {
        groupMembers.put(
                new GroupMember(UUID.fromString(event.getGroupId()), UUID.fromString(event.getPrincipalId())),
                position);
    }

    void removed(GroupMemberRemoved event) {
        groupMembers.put(
                new GroupMember(UUID.fromString(event.getGroupId()), UUID.fromString(event.getPrincipalId())), null);
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
                        null,
                        event.getRole(),
                        idOrNull(event.getWorkspaceId()),
                        idOrNull(event.getGranterId()),
                        event.getFromMicros(),
                        event.getUntilMicros() == 0 ? null : event.getUntilMicros(),
                        position,
                        null));
    }

    void assigned(long position, GroupRoleAssigned event) {
        assignments.put(
                UUID.fromString(event.getAssignmentId()),
                new AssignmentRow(
                        null,
                        UUID.fromString(event.getGroupId()),
                        event.getRole(),
                        idOrNull(event.getWorkspaceId()),
                        idOrNull(event.getGranterId()),
                        event.getFromMicros(),
                        event.getUntilMicros() == 0 ? null : event.getUntilMicros(),
                        position,
                        null));
    }

    /** @param holderId the principal's or the group's */
    void revoked(long position, long atMicros, String assignmentId, String holderId) {
        UUID id = UUID.fromString(assignmentId);
        var revocation = new Revocation(UUID.fromString(holderId), atMicros, position);
        AssignmentRow row = assignments.get(id);
        if (row == null) {
            revocations
                    .computeIfAbsent(id, unknown -> new LinkedHashMap<>())
                    .putIfAbsent(revocation.holder(), revocation);
        } else if (row.revocation() == null && row.holder().equals(revocation.holder())) {
            assignments.put(
                    id,
                    new AssignmentRow(
                            row.principal(),
                            row.group(),
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

    private Versions<CapabilityState> capability(String name, boolean builtIn, long position) {
        return capabilities.computeIfAbsent(new CapabilityKey(name, builtIn), unknown -> new Versions<>(position));
    }

    private static @Nullable UUID idOrNull(String id) {
        return id.isEmpty() ? null : UUID.fromString(id);
    }
}
