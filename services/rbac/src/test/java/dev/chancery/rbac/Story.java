package dev.chancery.rbac;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.projection.LogRecord;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.WorkspaceCreated;
import dev.chancery.schema.identity.v1.WorkspaceMemberAdded;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A tenant's log, written by hand: what happens in it is recorded a second apart, from {@link #START_MICROS}. */
final class Story {
    static final long START_MICROS = 1_700_000_000_000_000L;

    final String tenant;
    final List<LogRecord> records = new ArrayList<>();
    private final Map<String, Long> versions = new HashMap<>();

    Story() {
        this(id());
    }

    Story(String tenant) {
        this.tenant = tenant;
    }

    static String id() {
        return UUID.randomUUID().toString();
    }

    long next() {
        return records.size();
    }

    static long micros(long position) {
        return START_MICROS + position * 1_000_000;
    }

    static long millis(long position) {
        return micros(position) / 1000;
    }

    /** An outcome with these events, in this order. */
    Story happens(Message... events) {
        Outcome.Builder outcome = Outcome.newBuilder().setResult(Result.SUCCESS);
        var bodies = new ArrayList<ByteString>();
        for (Message event : events) {
            String stream = stream(event);
            outcome.addEvents(EventRef.newBuilder()
                    .setStream(stream)
                    .setVersion(versions.merge(stream, 1L, Long::sum))
                    .setType(event.getDescriptorForType().getFullName()));
            bodies.add(event.toByteString());
        }
        return add(statement().setOutcome(outcome), bodies);
    }

    /** An event that this version has no message for. */
    Story happensUnknown(String stream, String type, ByteString body) {
        var reference = EventRef.newBuilder().setStream(stream).setVersion(1).setType(type);
        var outcome = Outcome.newBuilder().setResult(Result.SUCCESS).addEvents(reference);
        return add(statement().setOutcome(outcome), List.of(body));
    }

    Story isIntended() {
        return add(statement().setIntent(Intent.newBuilder().setDeadlineMicros(1)), List.of());
    }

    Story isDenied() {
        return add(
                statement()
                        .setOutcome(
                                Outcome.newBuilder().setResult(Result.DENIED).setCode("auth.forbidden")),
                List.of());
    }

    private Statement.Builder statement() {
        return Statement.newBuilder()
                .setOrigin("ch-test/" + tenant)
                .setPosition(next())
                .setRecordedAtMicros(micros(next()))
                .setActor(Actor.newBuilder().setId("somebody"));
    }

    private Story add(Statement.Builder statement, List<ByteString> bodies) {
        records.add(new LogRecord(tenant, next(), new byte[0], statement.build(), List.copyOf(bodies), 0, next()));
        return this;
    }

    private static String stream(Message event) {
        return switch (event) {
            case RoleAssigned assigned -> "access/assignments/" + assigned.getPrincipalId();
            case AssignmentRevoked revoked -> "access/assignments/" + revoked.getPrincipalId();
            case PrincipalCreated created -> "identity/principal/" + created.getPrincipalId();
            case PrincipalDeactivated deactivated -> "identity/principal/" + deactivated.getPrincipalId();
            case PrincipalReactivated reactivated -> "identity/principal/" + reactivated.getPrincipalId();
            case WorkspaceCreated created -> "identity/workspace/" + created.getWorkspaceId();
            case WorkspaceMemberAdded added -> "identity/workspace/" + added.getWorkspaceId();
            case ContractAdopted adopted -> "identity/contract";
            case OrganisationFounded founded -> "identity/organisation";
            case OwnerClaimed claimed -> "identity/instance";
            case GroupRoleAssigned assigned -> "access/group/" + assigned.getGroupId();
            case GroupAssignmentRevoked revoked -> "access/group/" + revoked.getGroupId();
            case GroupMemberAdded added -> "access/memberships/" + added.getPrincipalId();
            case GroupMemberRemoved removed -> "access/memberships/" + removed.getPrincipalId();
            default -> "access/role-model";
        };
    }

    // What can happen.

    static ContractAdopted contract(String... capabilities) {
        return ContractAdopted.newBuilder()
                .addAllCapabilities(List.of(capabilities))
                .build();
    }

    static OrganisationFounded founded(String organisation, String administrator, String assignment) {
        return OrganisationFounded.newBuilder()
                .setOrganisationId(organisation)
                .setAdministratorId(administrator)
                .setAssignmentId(assignment)
                .build();
    }

    static OwnerClaimed claimed(String owner, String assignment) {
        return OwnerClaimed.newBuilder()
                .setOwnerId(owner)
                .setAssignmentId(assignment)
                .build();
    }

    static PrincipalCreated created(String principal, PrincipalType type) {
        return PrincipalCreated.newBuilder()
                .setPrincipalId(principal)
                .setType(type)
                .build();
    }

    static PrincipalDeactivated deactivated(String principal) {
        return PrincipalDeactivated.newBuilder().setPrincipalId(principal).build();
    }

    static PrincipalReactivated reactivated(String principal) {
        return PrincipalReactivated.newBuilder().setPrincipalId(principal).build();
    }

    static CapabilityDefined capability(String name, int stepUpSeconds) {
        return CapabilityDefined.newBuilder()
                .setCapability(name)
                .setStepUpSeconds(stepUpSeconds)
                .build();
    }

    static RoleDefined role(String name, String... capabilities) {
        return RoleDefined.newBuilder()
                .setRole(name)
                .addAllCapabilities(List.of(capabilities))
                .build();
    }

    static RoleRetired retired(String name) {
        return RoleRetired.newBuilder().setRole(name).build();
    }

    static WorkspaceCreated workspace(String id) {
        return WorkspaceCreated.newBuilder().setWorkspaceId(id).build();
    }

    static WorkspaceMemberAdded member(String workspace, String principal) {
        return WorkspaceMemberAdded.newBuilder()
                .setWorkspaceId(workspace)
                .setPrincipalId(principal)
                .build();
    }

    static RoleAssigned assigned(String assignment, String principal, String role, String granter) {
        return RoleAssigned.newBuilder()
                .setAssignmentId(assignment)
                .setPrincipalId(principal)
                .setRole(role)
                .setFromMicros(START_MICROS)
                .setGranterId(granter)
                .build();
    }

    static AssignmentRevoked revoked(String assignment, String principal) {
        return AssignmentRevoked.newBuilder()
                .setAssignmentId(assignment)
                .setPrincipalId(principal)
                .build();
    }
}
