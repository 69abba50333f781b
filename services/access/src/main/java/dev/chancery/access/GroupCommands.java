package dev.chancery.access;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.ROLE_MODEL;
import static dev.chancery.decision.AuthorityStreams.group;
import static dev.chancery.decision.AuthorityStreams.memberships;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Granter;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Memberships;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.access.v1.AddGroupMemberReply;
import dev.chancery.schema.access.v1.AddGroupMemberRequest;
import dev.chancery.schema.access.v1.AssignGroupRoleReply;
import dev.chancery.schema.access.v1.AssignGroupRoleRequest;
import dev.chancery.schema.access.v1.DefineGroupReply;
import dev.chancery.schema.access.v1.DefineGroupRequest;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.access.v1.RemoveGroupMemberReply;
import dev.chancery.schema.access.v1.RemoveGroupMemberRequest;
import dev.chancery.schema.access.v1.RetireGroupReply;
import dev.chancery.schema.access.v1.RetireGroupRequest;
import dev.chancery.schema.access.v1.RevokeGroupAssignmentReply;
import dev.chancery.schema.access.v1.RevokeGroupAssignmentRequest;
import java.util.Optional;

/** What is done to groups. */
final class GroupCommands {
    private GroupCommands() {}

    static CommandOutcome define(CommandContext context, DefineGroupRequest request) {
        RoleModel model = context.read(ROLE_MODEL, RoleModel.FOLD);
        RoleModel.Group defined = model.groups().get(request.getGroup());
        boolean alike = defined != null
                && Descriptions.says(
                        context, GroupDefined.getDescriptor(), defined.description(), request.getDescription());
        var group = GroupDefined.newBuilder().setGroupId(context.newId()).setGroup(request.getGroup());
        if (!alike && !request.getDescription().isEmpty()) {
            group.setDescription(Descriptions.seal(context, GroupDefined.getDescriptor(), request.getDescription()));
        }
        return decided(
                ROLE_MODEL,
                GroupRules.define(model, group.build(), alike),
                events -> DefineGroupReply.getDefaultInstance());
    }

    static CommandOutcome retire(CommandContext context, RetireGroupRequest request) {
        return decided(
                ROLE_MODEL,
                GroupRules.retire(
                        Granter.of(context), held(context, request.getGroup()), request.getGroup(), context.atMicros()),
                events -> RetireGroupReply.getDefaultInstance());
    }

    static CommandOutcome add(CommandContext context, AddGroupMemberRequest request) {
        StreamId stream = memberships(request.getPrincipalId());
        context.read(stream, Memberships.FOLD);
        return decided(
                stream,
                GroupRules.add(
                        Granter.of(context),
                        context.authority(request.getPrincipalId()),
                        request.getGroup(),
                        held(context, request.getGroup()),
                        context.atMicros()),
                events -> AddGroupMemberReply.getDefaultInstance());
    }

    static CommandOutcome remove(CommandContext context, RemoveGroupMemberRequest request) {
        return decided(
                memberships(request.getPrincipalId()),
                GroupRules.remove(
                        Granter.of(context),
                        context.authority(request.getPrincipalId()),
                        request.getGroup(),
                        held(context, request.getGroup()),
                        context.atMicros()),
                events -> RemoveGroupMemberReply.getDefaultInstance());
    }

    static CommandOutcome assign(CommandContext context, AssignGroupRoleRequest request) {
        var assignment = GroupRoleAssigned.newBuilder()
                .setAssignmentId(context.newId())
                .setGroupId(id(context, request.getGroup()).orElse(""))
                .setRole(request.getRole())
                .setWorkspaceId(request.getWorkspaceId())
                .setFromMicros(context.atMicros())
                .setUntilMicros(AccessService.micros(request.getUntilMillis()))
                .setGranterId(context.principal().id())
                .build();
        return decided(
                stream(context, request.getGroup()),
                GroupRules.assign(
                        Granter.of(context),
                        held(context, request.getGroup()),
                        AccessService.workspaceExists(context, request.getWorkspaceId()),
                        assignment),
                events -> AssignGroupRoleReply.newBuilder()
                        .setAssignmentId(assignment.getAssignmentId())
                        .build());
    }

    static CommandOutcome revoke(CommandContext context, RevokeGroupAssignmentRequest request) {
        return decided(
                stream(context, request.getGroup()),
                GroupRules.revoke(
                        Granter.of(context),
                        held(context, request.getGroup()),
                        GroupAssignmentRevoked.newBuilder()
                                .setAssignmentId(request.getAssignmentId())
                                .setGroupId(id(context, request.getGroup()).orElse(""))
                                .build(),
                        context.atMicros()),
                events -> RevokeGroupAssignmentReply.getDefaultInstance());
    }

    private static Optional<String> id(CommandContext context, String name) {
        return GroupRules.id(context.read(ROLE_MODEL, RoleModel.FOLD), name);
    }

    /** Where a group's assignments are; of one that isn't there nothing is appended. */
    private static StreamId stream(CommandContext context, String name) {
        return id(context, name).map(id -> group(id)).orElse(ROLE_MODEL);
    }

    private static Assignments held(CommandContext context, String name) {
        return id(context, name)
                .map(id -> context.read(group(id), Assignments.FOLD))
                .orElseGet(Assignments.FOLD::initial);
    }
}
