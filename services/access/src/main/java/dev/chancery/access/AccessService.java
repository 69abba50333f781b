package dev.chancery.access;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.ADMINISTRATORS;
import static dev.chancery.decision.AuthorityStreams.CONTRACT;
import static dev.chancery.decision.AuthorityStreams.ROLE_MODEL;
import static dev.chancery.decision.AuthorityStreams.assignments;
import static dev.chancery.decision.AuthorityStreams.foundation;
import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.workspace;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.CommandOutcome.Done;
import dev.chancery.command.Granter;
import dev.chancery.command.LastAdministrator;
import dev.chancery.command.Methods;
import dev.chancery.decision.Administrators;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.feature.Feature;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.access.v1.AddGroupMemberRequest;
import dev.chancery.schema.access.v1.AdministratorAppointed;
import dev.chancery.schema.access.v1.AdministratorDismissed;
import dev.chancery.schema.access.v1.AssignGroupRoleRequest;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
import dev.chancery.schema.access.v1.ChangeModelRequest;
import dev.chancery.schema.access.v1.CheckAllRequest;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DefineCapabilityReply;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineGroupRequest;
import dev.chancery.schema.access.v1.DefineRoleReply;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.DescribeModelRequest;
import dev.chancery.schema.access.v1.FollowAuthorityRequest;
import dev.chancery.schema.access.v1.ProveDecisionRequest;
import dev.chancery.schema.access.v1.RemoveGroupMemberRequest;
import dev.chancery.schema.access.v1.RetireCapabilityReply;
import dev.chancery.schema.access.v1.RetireCapabilityRequest;
import dev.chancery.schema.access.v1.RetireGroupRequest;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentReply;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.access.v1.RevokeGroupAssignmentRequest;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.access.v1.SearchActionsRequest;
import dev.chancery.schema.access.v1.SearchResourcesRequest;
import dev.chancery.schema.access.v1.SearchSubjectsRequest;
import java.util.Optional;

/** The contract's access methods. */
public final class AccessService implements Feature {
    private static final String SERVICE = "chancery.access.v1.AccessService/";

    private final Checks checks;
    private final Searches searches;
    private final DecisionQueries queries;
    private final ModelDescription description;
    private final String issuer;

    AccessService(
            Checks checks, Searches searches, DecisionQueries queries, ModelDescription description, String issuer) {
        this.checks = checks;
        this.searches = searches;
        this.description = description;
        this.queries = queries;
        this.issuer = issuer;
    }

    @Override
    public String name() {
        return "access";
    }

    @Override
    public void register(Methods methods) {
        methods.command(SERVICE + "DefineCapability", DefineCapabilityRequest.class, this::defineCapability)
                .command(SERVICE + "RetireCapability", RetireCapabilityRequest.class, this::retireCapability)
                .command(SERVICE + "DefineRole", DefineRoleRequest.class, this::defineRole)
                .command(SERVICE + "RetireRole", RetireRoleRequest.class, this::retireRole)
                .command(SERVICE + "AssignRole", AssignRoleRequest.class, this::assignRole)
                .command(SERVICE + "RevokeAssignment", RevokeAssignmentRequest.class, this::revokeAssignment)
                .command(SERVICE + "DefineGroup", DefineGroupRequest.class, GroupCommands::define)
                .command(SERVICE + "RetireGroup", RetireGroupRequest.class, GroupCommands::retire)
                .command(SERVICE + "AddGroupMember", AddGroupMemberRequest.class, GroupCommands::add)
                .command(SERVICE + "RemoveGroupMember", RemoveGroupMemberRequest.class, GroupCommands::remove)
                .command(SERVICE + "AssignGroupRole", AssignGroupRoleRequest.class, GroupCommands::assign)
                .command(SERVICE + "RevokeGroupAssignment", RevokeGroupAssignmentRequest.class, GroupCommands::revoke)
                .command(SERVICE + "ChangeModel", ChangeModelRequest.class, changes()::change)
                .query(SERVICE + "DescribeModel", DescribeModelRequest.class, description::describe)
                .command(SERVICE + "ProveDecision", ProveDecisionRequest.class, ProvenDecision::decide)
                .query(SERVICE + "Check", CheckRequest.class, queries::check)
                .query(SERVICE + "CheckAll", CheckAllRequest.class, queries::checkAll)
                .query(SERVICE + "SearchSubjects", SearchSubjectsRequest.class, queries::subjects)
                .query(SERVICE + "SearchActions", SearchActionsRequest.class, queries::actions)
                .query(SERVICE + "SearchResources", SearchResourcesRequest.class, queries::resources)
                .query(SERVICE + "FollowAuthority", FollowAuthorityRequest.class, queries::follow);
    }

    private ModelChanges changes() {
        return new ModelChanges()
                .with("define_capabilities", "capability:define", this::defineCapability)
                .with("define_roles", "role:define", this::defineRole)
                .with("define_groups", "group:define", GroupCommands::define)
                .with("add_members", "group:add-member", GroupCommands::add)
                .with("assign_roles", "assignment:create", this::assignRole)
                .with("assign_group_roles", "assignment:create", GroupCommands::assign)
                .with("revoke_assignments", "assignment:revoke", this::revokeAssignment)
                .with("revoke_group_assignments", "assignment:revoke", GroupCommands::revoke)
                .with("remove_members", "group:remove-member", GroupCommands::remove)
                .with("retire_groups", "group:retire", GroupCommands::retire)
                .with("retire_roles", "role:retire", this::retireRole)
                .with("retire_capabilities", "capability:retire", this::retireCapability);
    }

    private CommandOutcome retireCapability(CommandContext context, RetireCapabilityRequest request) {
        return decided(
                ROLE_MODEL,
                RoleModelRules.retire(
                        Granter.of(context),
                        context.read(CONTRACT, AdoptedContract.FOLD),
                        CapabilityRetired.newBuilder()
                                .setCapability(request.getCapability())
                                .build()),
                events -> RetireCapabilityReply.getDefaultInstance());
    }

    private CommandOutcome defineCapability(CommandContext context, DefineCapabilityRequest request) {
        Granter definer = Granter.of(context);
        RoleModel.Capability defined = definer.roleModel().capabilities().get(request.getCapability());
        boolean alike = defined != null
                && Descriptions.says(
                        context, CapabilityDefined.getDescriptor(), defined.description(), request.getDescription());
        var capability = CapabilityDefined.newBuilder()
                .setCapability(request.getCapability())
                .setStepUpSeconds(request.getStepUpSeconds())
                .setBreakGlassOnly(request.getBreakGlassOnly())
                .setConsentRequired(request.getConsentRequired())
                .setConsentPurpose(request.getConsentPurpose());
        if (!request.getDescription().isEmpty()) {
            capability.setDescription(
                    Descriptions.seal(context, CapabilityDefined.getDescriptor(), request.getDescription()));
        }
        return decided(
                ROLE_MODEL,
                RoleModelRules.define(
                        definer,
                        context.read(CONTRACT, AdoptedContract.FOLD),
                        capability.build(),
                        alike,
                        context.atMicros()),
                events -> DefineCapabilityReply.getDefaultInstance());
    }

    private CommandOutcome defineRole(CommandContext context, DefineRoleRequest request) {
        Granter definer = Granter.of(context);
        RoleModel.Role defined = definer.roleModel().roles().get(request.getRole());
        boolean alike = defined != null
                && Descriptions.says(
                        context, RoleDefined.getDescriptor(), defined.description(), request.getDescription());
        var role = RoleDefined.newBuilder()
                .setRole(request.getRole())
                .addAllCapabilities(request.getCapabilitiesList().stream()
                        .distinct()
                        .sorted()
                        .toList());
        if (!request.getDescription().isEmpty()) {
            role.setDescription(Descriptions.seal(context, RoleDefined.getDescriptor(), request.getDescription()));
        }
        return decided(
                ROLE_MODEL,
                RoleModelRules.define(
                        definer, context.read(CONTRACT, AdoptedContract.FOLD), role.build(), alike, context.atMicros()),
                events -> DefineRoleReply.getDefaultInstance());
    }

    private CommandOutcome retireRole(CommandContext context, RetireRoleRequest request) {
        return decided(
                ROLE_MODEL,
                RoleModelRules.retire(
                        Granter.of(context),
                        RoleRetired.newBuilder().setRole(request.getRole()).build(),
                        context.atMicros()),
                events -> RetireRoleReply.getDefaultInstance());
    }

    private CommandOutcome assignRole(CommandContext context, AssignRoleRequest request) {
        String grantee = request.getPrincipalId();
        var assignment = RoleAssigned.newBuilder()
                .setAssignmentId(context.newId())
                .setPrincipalId(grantee)
                .setRole(request.getRole())
                .setWorkspaceId(request.getWorkspaceId())
                .setFromMicros(context.atMicros())
                .setUntilMicros(micros(request.getUntilMillis()))
                .setGranterId(context.principal().id())
                .build();
        return besides(
                decided(
                        assignments(grantee),
                        GrantRules.assign(
                                Granter.of(context),
                                context.read(principal(grantee), PrincipalState.FOLD),
                                context.read(assignments(grantee), Assignments.FOLD),
                                workspaceExists(context, request.getWorkspaceId()),
                                assignment),
                        events -> AssignRoleReply.newBuilder()
                                .setAssignmentId(assignment.getAssignmentId())
                                .build()),
                appointment(context, assignment));
    }

    /** True for no workspace: the whole organisation. */
    static boolean workspaceExists(CommandContext context, String id) {
        return id.isEmpty() || context.read(workspace(id), WorkspaceState.FOLD).exists();
    }

    /** The built-in role in the whole organisation and without end makes an administrator, of whom there has to be one. */
    private static Optional<NewEvent> appointment(CommandContext context, RoleAssigned assignment) {
        String builtIn =
                context.read(foundation(context.tenant()), FirstGrant.FOLD).role();
        if (!assignment.getRole().equals(builtIn)
                || !assignment.getWorkspaceId().isEmpty()
                || assignment.getUntilMicros() != 0) {
            return Optional.empty();
        }
        context.read(ADMINISTRATORS, Administrators.FOLD);
        return Optional.of(new NewEvent(
                ADMINISTRATORS,
                AdministratorAppointed.newBuilder()
                        .setAssignmentId(assignment.getAssignmentId())
                        .setPrincipalId(assignment.getPrincipalId())
                        .build()));
    }

    /** A time before 1970, or past what microseconds can say, is over already. */
    static long micros(long millis) {
        return millis < 0 || millis > Long.MAX_VALUE / 1000 ? -1 : millis * 1000;
    }

    private CommandOutcome revokeAssignment(CommandContext context, RevokeAssignmentRequest request) {
        String holder = request.getPrincipalId();
        String id = request.getAssignmentId();
        boolean administrators = context.read(ADMINISTRATORS, Administrators.FOLD).held().stream()
                .anyMatch(appointment -> appointment.assignmentId().equals(id));
        return besides(
                decided(
                        assignments(holder),
                        GrantRules.revoke(
                                Granter.of(context),
                                context.authority(holder),
                                LastAdministrator.isAmong(context, appointment -> appointment
                                        .assignmentId()
                                        .equals(id)),
                                AssignmentRevoked.newBuilder()
                                        .setAssignmentId(id)
                                        .setPrincipalId(holder)
                                        .build(),
                                context.atMicros()),
                        events -> RevokeAssignmentReply.getDefaultInstance()),
                administrators
                        ? Optional.of(new NewEvent(
                                ADMINISTRATORS,
                                AdministratorDismissed.newBuilder()
                                        .setAssignmentId(id)
                                        .build()))
                        : Optional.empty());
    }

    /** The outcome and, if it has events, one more that happens with them. */
    private static CommandOutcome besides(CommandOutcome outcome, Optional<NewEvent> event) {
        return event.isPresent()
                        && outcome instanceof Done done
                        && !done.events().isEmpty()
                ? done.with(event.get())
                : outcome;
    }

    Checks checks() {
        return checks;
    }

    Searches searches() {
        return searches;
    }

    /** Where this instance is reached. */
    String issuer() {
        return issuer;
    }
}
