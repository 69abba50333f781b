package dev.chancery.access;

import static dev.chancery.access.AccessRejection.ALREADY_OVER;
import static dev.chancery.access.AccessRejection.NOT_HELD;
import static dev.chancery.access.AccessRejection.NO_SUCH_ASSIGNMENT;
import static dev.chancery.access.AccessRejection.NO_SUCH_GROUP;
import static dev.chancery.access.AccessRejection.NO_SUCH_PRINCIPAL;
import static dev.chancery.access.AccessRejection.NO_SUCH_ROLE;
import static dev.chancery.access.AccessRejection.NO_SUCH_WORKSPACE;
import static dev.chancery.access.AccessRejection.SELF_GRANT;
import static dev.chancery.access.AccessRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Memberships;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import dev.chancery.schema.access.v1.GroupRetired;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import java.util.Optional;
import java.util.Set;

/**
 * What may become of groups. Whoever adds a member hands out all that the group holds, now or later; whoever assigns a role to a group
 * hands it out to its members. Pure.
 */
final class GroupRules {
    static final int MAX_GROUPS = 1_000;

    private GroupRules() {}

    /**
     * @param group with the id that it gets if there is none of this name
     * @param describedAlike whether the group's description stays as it is
     */
    static Decision<Message> define(RoleModel model, GroupDefined group, boolean describedAlike) {
        RoleModel.Group defined = model.groups().get(group.getGroup());
        if (defined == null) {
            return model.groups().size() >= MAX_GROUPS ? reject(TOO_MANY) : events(group);
        }
        return describedAlike
                ? nothing()
                : events(group.toBuilder().setGroupId(defined.id()).build());
    }

    /** @param held what its members hold by it */
    static Decision<Message> retire(Granter retirer, Assignments held, String name, long atMicros) {
        RoleModel model = retirer.roleModel();
        RoleModel.Group group = model.groups().get(name);
        if (group == null) {
            return model.retired().groups().contains(name) ? nothing() : reject(NO_SUCH_GROUP);
        }
        return retirer.mayHandOut(held, atMicros)
                ? events(GroupRetired.newBuilder()
                        .setGroupId(group.id())
                        .setGroup(name)
                        .build())
                : reject(NOT_HELD);
    }

    /**
     * @param member who would be one
     * @param held what the group's members hold
     */
    static Decision<Message> add(Granter adder, Authority member, String group, Assignments held, long atMicros) {
        if (adder.is(member.principalId())) {
            return reject(SELF_GRANT);
        }
        Optional<String> id = id(adder.roleModel(), group);
        if (id.isEmpty()) {
            return reject(NO_SUCH_GROUP);
        }
        if (!member.principal().active()) {
            return reject(NO_SUCH_PRINCIPAL);
        }
        if (member.isIn(id.get())) {
            return nothing();
        }
        if (!adder.mayHandOut(held, atMicros)) {
            return reject(NOT_HELD);
        }
        return member.groups().size() >= Memberships.MAX_GROUPS
                ? reject(TOO_MANY)
                : events(GroupMemberAdded.newBuilder()
                        .setGroupId(id.get())
                        .setPrincipalId(member.principalId())
                        .build());
    }

    /** Leaving a group is one's own affair; taking others out of it is governed like adding them. */
    static Decision<Message> remove(Granter remover, Authority member, String group, Assignments held, long atMicros) {
        Optional<String> id = id(remover.roleModel(), group);
        if (id.isEmpty()) {
            return reject(NO_SUCH_GROUP);
        }
        if (!member.principal().exists()) {
            return reject(NO_SUCH_PRINCIPAL);
        }
        if (!member.isIn(id.get())) {
            return nothing();
        }
        return remover.is(member.principalId()) || remover.mayHandOut(held, atMicros)
                ? events(GroupMemberRemoved.newBuilder()
                        .setGroupId(id.get())
                        .setPrincipalId(member.principalId())
                        .build())
                : reject(NOT_HELD);
    }

    /**
     * @param held what the group's members hold already
     * @param workspaceExists whether the workspace that the grant is scoped to is there; true for one that has none
     * @param assignment with the group's id; empty where there is no such group
     */
    static Decision<Message> assign(
            Granter granter, Assignments held, boolean workspaceExists, GroupRoleAssigned assignment) {
        if (assignment.getGroupId().isEmpty()) {
            return reject(NO_SUCH_GROUP);
        }
        if (granter.isIn(assignment.getGroupId())) {
            return reject(SELF_GRANT);
        }
        Optional<Set<String>> bundle = granter.bundle(assignment.getRole());
        if (bundle.isEmpty()) {
            return reject(NO_SUCH_ROLE);
        }
        if (!workspaceExists) {
            return reject(NO_SUCH_WORKSPACE);
        }
        if (assignment.getUntilMicros() != 0 && assignment.getUntilMicros() <= assignment.getFromMicros()) {
            return reject(ALREADY_OVER);
        }
        if (!granter.mayHandOut(
                bundle.get(), assignment.getWorkspaceId(), assignment.getFromMicros(), assignment.getUntilMicros())) {
            return reject(NOT_HELD);
        }
        return held.held().size() >= Assignments.MAX_HELD ? reject(TOO_MANY) : events(assignment);
    }

    /** @param revocation with the group's id; empty where there is no such group */
    static Decision<Message> revoke(
            Granter revoker, Assignments held, GroupAssignmentRevoked revocation, long atMicros) {
        if (revocation.getGroupId().isEmpty()) {
            return reject(NO_SUCH_GROUP);
        }
        if (held.revoked().contains(revocation.getAssignmentId())) {
            return nothing();
        }
        Optional<Assignment> grant = held.find(revocation.getAssignmentId());
        if (grant.isEmpty()) {
            return reject(NO_SUCH_ASSIGNMENT);
        }
        return !grant.get().endsAfter(atMicros) || revoker.mayTake(grant.get(), atMicros)
                ? events(revocation)
                : reject(NOT_HELD);
    }

    /** A group's id; empty where there is none of this name. */
    static Optional<String> id(RoleModel model, String group) {
        return Optional.ofNullable(model.groups().get(group)).map(RoleModel.Group::id);
    }
}
