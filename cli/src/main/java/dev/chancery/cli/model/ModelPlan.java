package dev.chancery.cli.model;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.chancery.cli.model.OrganisationModel.Assignment;
import dev.chancery.cli.model.OrganisationModel.Capability;
import dev.chancery.cli.model.OrganisationModel.Group;
import dev.chancery.cli.model.OrganisationModel.Role;
import dev.chancery.schema.access.v1.AddGroupMemberRequest;
import dev.chancery.schema.access.v1.AssignGroupRoleRequest;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.ChangeModelRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineGroupRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RemoveGroupMemberRequest;
import dev.chancery.schema.access.v1.RetireCapabilityRequest;
import dev.chancery.schema.access.v1.RetireGroupRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.access.v1.RevokeGroupAssignmentRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What has to change for a model to become another, in an order in which it can. */
public final class ModelPlan {
    private static final int MAX_CHANGES = 200;

    /** Below what a request may have, with room for what JSON or the wire adds. */
    private static final int MAX_BYTES = 40_000;

    /**
     * @param line as it is printed: {@code +} comes, {@code ~} changes, {@code -} goes
     * @param field of {@link ChangeModelRequest}
     */
    private record Change(String line, int field, Message request) {}

    private final List<Change> changes = new ArrayList<>();

    private ModelPlan() {}

    /** @param wanted what it is to become */
    public static ModelPlan of(ModelClient.Found found, OrganisationModel wanted) {
        OrganisationModel now = found.model();
        var plan = new ModelPlan();
        wanted.capabilities()
                .forEach((name, one) -> plan.capability(now.capabilities().get(name), name, one));
        wanted.roles().forEach((name, one) -> plan.role(now.roles().get(name), name, one));
        wanted.groups().forEach((name, one) -> plan.group(now.groups().get(name), name, one));
        wanted.assignments().stream()
                .filter(one -> !now.assignments().contains(one))
                .forEach(plan::assign);
        found.assignmentIds().forEach((one, ids) -> {
            if (!wanted.assignments().contains(one)) {
                ids.forEach(id -> plan.revoke(one, id));
            }
        });
        now.groups().forEach((name, one) -> plan.groupGone(wanted.groups().get(name), name, one));
        now.roles().keySet().stream()
                .filter(name -> !wanted.roles().containsKey(name))
                .forEach(name -> plan.add(
                        "- role " + name,
                        ChangeModelRequest.RETIRE_ROLES_FIELD_NUMBER,
                        RetireRoleRequest.newBuilder().setRole(name).build()));
        now.capabilities().keySet().stream()
                .filter(name -> !wanted.capabilities().containsKey(name))
                .forEach(name -> plan.add(
                        "- capability " + name,
                        ChangeModelRequest.RETIRE_CAPABILITIES_FIELD_NUMBER,
                        RetireCapabilityRequest.newBuilder().setCapability(name).build()));
        // A request's fields are worked off from top to bottom: batches keep to that order too.
        plan.changes.sort(Comparator.comparingInt(Change::field));
        return plan;
    }

    public boolean isEmpty() {
        return changes.isEmpty();
    }

    /** One a change. */
    public List<String> lines() {
        return changes.stream().map(Change::line).toList();
    }

    /** The changes in as few requests as they fit into. */
    public List<ChangeModelRequest> batches(String reason) {
        List<ChangeModelRequest> batches = new ArrayList<>();
        var batch = ChangeModelRequest.newBuilder().setReason(reason);
        int held = 0;
        int bytes = 0;
        for (Change change : changes) {
            int size = change.request().getSerializedSize();
            if (held == MAX_CHANGES || (held > 0 && bytes + size > MAX_BYTES)) {
                batches.add(batch.build());
                batch = ChangeModelRequest.newBuilder().setReason(reason);
                held = 0;
                bytes = 0;
            }
            FieldDescriptor field = ChangeModelRequest.getDescriptor().findFieldByNumber(change.field());
            batch.addRepeatedField(field, change.request());
            held++;
            bytes += size;
        }
        if (held > 0) {
            batches.add(batch.build());
        }
        return batches;
    }

    private void add(String line, int field, Message request) {
        changes.add(new Change(line, field, request));
    }

    private static String sign(@Nullable Object before) {
        return before == null ? "+" : "~";
    }

    private void capability(@Nullable Capability before, String name, Capability one) {
        if (!one.equals(before)) {
            add(
                    sign(before) + " capability " + name,
                    ChangeModelRequest.DEFINE_CAPABILITIES_FIELD_NUMBER,
                    DefineCapabilityRequest.newBuilder()
                            .setCapability(name)
                            .setDescription(one.description())
                            .setStepUpSeconds(one.stepUpSeconds())
                            .setBreakGlassOnly(one.breakGlassOnly())
                            .setConsentRequired(!one.consentFor().isEmpty())
                            .setConsentPurpose(one.consentFor())
                            .build());
        }
    }

    private void role(@Nullable Role before, String name, Role one) {
        if (!one.equals(before)) {
            add(
                    sign(before) + " role " + name,
                    ChangeModelRequest.DEFINE_ROLES_FIELD_NUMBER,
                    DefineRoleRequest.newBuilder()
                            .setRole(name)
                            .setDescription(one.description())
                            .addAllCapabilities(one.capabilities())
                            .build());
        }
    }

    private void group(@Nullable Group before, String name, Group one) {
        if (before == null || !before.description().equals(one.description())) {
            add(
                    sign(before) + " group " + name,
                    ChangeModelRequest.DEFINE_GROUPS_FIELD_NUMBER,
                    DefineGroupRequest.newBuilder()
                            .setGroup(name)
                            .setDescription(one.description())
                            .build());
        }
        one.members().stream()
                .filter(member -> before == null || !before.members().contains(member))
                .forEach(member -> add(
                        "+ member " + member + " of " + name,
                        ChangeModelRequest.ADD_MEMBERS_FIELD_NUMBER,
                        AddGroupMemberRequest.newBuilder()
                                .setGroup(name)
                                .setPrincipalId(member)
                                .build()));
    }

    private void groupGone(@Nullable Group wanted, String name, Group now) {
        if (wanted == null) {
            add(
                    "- group " + name,
                    ChangeModelRequest.RETIRE_GROUPS_FIELD_NUMBER,
                    RetireGroupRequest.newBuilder().setGroup(name).build());
            return;
        }
        now.members().stream()
                .filter(member -> !wanted.members().contains(member))
                .forEach(member -> add(
                        "- member " + member + " of " + name,
                        ChangeModelRequest.REMOVE_MEMBERS_FIELD_NUMBER,
                        RemoveGroupMemberRequest.newBuilder()
                                .setGroup(name)
                                .setPrincipalId(member)
                                .build()));
    }

    private void assign(Assignment one) {
        if (one.group().isEmpty()) {
            add(
                    "+ " + words(one),
                    ChangeModelRequest.ASSIGN_ROLES_FIELD_NUMBER,
                    AssignRoleRequest.newBuilder()
                            .setPrincipalId(one.principal())
                            .setRole(one.role())
                            .setWorkspaceId(one.workspace())
                            .setUntilMillis(one.untilMillis())
                            .build());
        } else {
            add(
                    "+ " + words(one),
                    ChangeModelRequest.ASSIGN_GROUP_ROLES_FIELD_NUMBER,
                    AssignGroupRoleRequest.newBuilder()
                            .setGroup(one.group())
                            .setRole(one.role())
                            .setWorkspaceId(one.workspace())
                            .setUntilMillis(one.untilMillis())
                            .build());
        }
    }

    private void revoke(Assignment one, String id) {
        if (one.group().isEmpty()) {
            add(
                    "- " + words(one),
                    ChangeModelRequest.REVOKE_ASSIGNMENTS_FIELD_NUMBER,
                    RevokeAssignmentRequest.newBuilder()
                            .setPrincipalId(one.principal())
                            .setAssignmentId(id)
                            .build());
        } else {
            add(
                    "- " + words(one),
                    ChangeModelRequest.REVOKE_GROUP_ASSIGNMENTS_FIELD_NUMBER,
                    RevokeGroupAssignmentRequest.newBuilder()
                            .setGroup(one.group())
                            .setAssignmentId(id)
                            .build());
        }
    }

    private static String words(Assignment one) {
        return "assignment of " + one.role()
                + (one.group().isEmpty() ? " to " + one.principal() : " to group " + one.group())
                + (one.workspace().isEmpty() ? "" : " in " + one.workspace())
                + (one.untilMillis() == 0 ? "" : " until " + Instant.ofEpochMilli(one.untilMillis()));
    }
}
