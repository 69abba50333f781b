package dev.chancery.elevation;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.elevations;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.Message;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Granter;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.feature.Feature;
import dev.chancery.schema.elevation.v1.ApproveElevationReply;
import dev.chancery.schema.elevation.v1.ApproveElevationRequest;
import dev.chancery.schema.elevation.v1.DenyElevationReply;
import dev.chancery.schema.elevation.v1.DenyElevationRequest;
import dev.chancery.schema.elevation.v1.ElevationApproved;
import dev.chancery.schema.elevation.v1.ElevationDenied;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationPolicy;
import dev.chancery.schema.elevation.v1.ElevationPolicySet;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.elevation.v1.ElevationReviewed;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import dev.chancery.schema.elevation.v1.ListElevationPoliciesReply;
import dev.chancery.schema.elevation.v1.ListElevationPoliciesRequest;
import dev.chancery.schema.elevation.v1.ListElevationsReply;
import dev.chancery.schema.elevation.v1.ListElevationsRequest;
import dev.chancery.schema.elevation.v1.RemoveElevationPolicyReply;
import dev.chancery.schema.elevation.v1.RemoveElevationPolicyRequest;
import dev.chancery.schema.elevation.v1.RequestElevationReply;
import dev.chancery.schema.elevation.v1.RequestElevationRequest;
import dev.chancery.schema.elevation.v1.ReviewElevationReply;
import dev.chancery.schema.elevation.v1.ReviewElevationRequest;
import dev.chancery.schema.elevation.v1.RevokeElevationReply;
import dev.chancery.schema.elevation.v1.RevokeElevationRequest;
import dev.chancery.schema.elevation.v1.SetElevationPolicyReply;
import dev.chancery.schema.elevation.v1.SetElevationPolicyRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The methods of chancery.elevation.v1.ElevationService. */
final class ElevationService implements Feature {
    private static final String SERVICE = "chancery.elevation.v1.ElevationService/";
    private static final int DEFAULT_REVIEW_HOURS = 72;

    private final ElevationList list;
    private final DecisionPoint decisions;

    ElevationService(ElevationList list, DecisionPoint decisions) {
        this.list = list;
        this.decisions = decisions;
    }

    @Override
    public String name() {
        return "elevation";
    }

    @Override
    public void register(Methods methods) {
        methods.command(SERVICE + "SetElevationPolicy", SetElevationPolicyRequest.class, ElevationService::setPolicy)
                .command(
                        SERVICE + "RemoveElevationPolicy",
                        RemoveElevationPolicyRequest.class,
                        ElevationService::removePolicy)
                .command(SERVICE + "RequestElevation", RequestElevationRequest.class, ElevationService::request)
                .command(SERVICE + "ApproveElevation", ApproveElevationRequest.class, ElevationService::approve)
                .command(SERVICE + "DenyElevation", DenyElevationRequest.class, ElevationService::deny)
                .command(SERVICE + "RevokeElevation", RevokeElevationRequest.class, ElevationService::revoke)
                .command(SERVICE + "ReviewElevation", ReviewElevationRequest.class, ElevationService::review)
                .query(SERVICE + "ListElevationPolicies", ListElevationPoliciesRequest.class, this::listPolicies)
                .query(SERVICE + "ListElevations", ListElevationsRequest.class, this::list);
    }

    private static CommandOutcome setPolicy(CommandContext context, SetElevationPolicyRequest request) {
        var policy = ElevationPolicySet.newBuilder()
                .setRole(request.getRole())
                .setMaxMinutes(request.getMaxMinutes())
                .addAllApprovals(request.getApprovalsList())
                .setEmergency(request.getEmergency())
                .setReviewHours(request.getReviewHours() == 0 ? DEFAULT_REVIEW_HOURS : request.getReviewHours())
                .setSetterId(context.principal().id())
                .setSetterActingForId(actingFor(context))
                .build();
        return decided(
                Policies.STREAM,
                ElevationRules.set(
                        Granter.of(context), context.read(Policies.STREAM, Policies.FOLD), policy, context.atMicros()),
                events -> SetElevationPolicyReply.getDefaultInstance());
    }

    private static CommandOutcome removePolicy(CommandContext context, RemoveElevationPolicyRequest request) {
        return decided(
                Policies.STREAM,
                ElevationRules.remove(context.read(Policies.STREAM, Policies.FOLD), request.getRole()),
                events -> RemoveElevationPolicyReply.getDefaultInstance());
    }

    private static CommandOutcome request(CommandContext context, RequestElevationRequest request) {
        String requester = context.principal().id();
        String id = context.newId();
        boolean workspaceExists = request.getWorkspaceId().isEmpty()
                || context.read(workspace(request.getWorkspaceId()), WorkspaceState.FOLD)
                        .exists();
        return decided(
                elevations(requester),
                ElevationRules.request(
                        Granter.of(context),
                        context::authority,
                        context.read(Policies.STREAM, Policies.FOLD),
                        context.read(elevations(requester), Holder.FOLD),
                        workspaceExists,
                        request.getEmergency(),
                        ElevationRequested.newBuilder()
                                .setElevationId(id)
                                .setPrincipalId(requester)
                                .setActingForId(actingFor(context))
                                .setRole(request.getRole())
                                .setWorkspaceId(request.getWorkspaceId())
                                .setMinutes(request.getMinutes())
                                .setTicket(request.getTicket())
                                .build(),
                        context.atMicros()),
                events -> requested(id, events));
    }

    /** Whom the caller acts for; empty: itself. */
    private static String actingFor(CommandContext context) {
        return context.principal().actingFor().orElse("");
    }

    private static Message requested(String id, List<Message> events) {
        var reply = RequestElevationReply.newBuilder().setElevationId(id);
        return grantIn(events)
                .map(granted -> reply.setGranted(true).setUntilMillis(granted.getUntilMicros() / 1000))
                .orElseGet(
                        () -> reply.setUntilMillis(((ElevationRequested) events.getFirst()).getLapsesMicros() / 1000))
                .build();
    }

    private static CommandOutcome approve(CommandContext context, ApproveElevationRequest request) {
        String requester = request.getPrincipalId();
        return decided(
                elevations(requester),
                ElevationRules.approve(
                        Granter.of(context),
                        context.read(elevations(requester), Holder.FOLD),
                        context::authority,
                        ElevationApproved.newBuilder()
                                .setElevationId(request.getElevationId())
                                .setPrincipalId(requester)
                                .setApproverId(context.principal().id())
                                .setActingForId(actingFor(context))
                                .setApproverRole(request.getApproverRole())
                                .build(),
                        context.atMicros()),
                events -> grantIn(events)
                        .map(granted -> ApproveElevationReply.newBuilder()
                                .setGranted(true)
                                .setUntilMillis(granted.getUntilMicros() / 1000)
                                .build())
                        .orElse(ApproveElevationReply.getDefaultInstance()));
    }

    private static Optional<ElevationGranted> grantIn(List<Message> events) {
        return events.stream()
                .filter(ElevationGranted.class::isInstance)
                .map(ElevationGranted.class::cast)
                .findFirst();
    }

    private static CommandOutcome deny(CommandContext context, DenyElevationRequest request) {
        String requester = request.getPrincipalId();
        return decided(
                elevations(requester),
                ElevationRules.deny(
                        Granter.of(context),
                        context.read(elevations(requester), Holder.FOLD),
                        ElevationDenied.newBuilder()
                                .setElevationId(request.getElevationId())
                                .setPrincipalId(requester)
                                .setDenierId(context.principal().id())
                                .build(),
                        context.atMicros()),
                events -> DenyElevationReply.getDefaultInstance());
    }

    private static CommandOutcome revoke(CommandContext context, RevokeElevationRequest request) {
        String holder = request.getPrincipalId();
        return decided(
                elevations(holder),
                ElevationRules.revoke(
                        context.read(elevations(holder), Holder.FOLD),
                        ElevationRevoked.newBuilder()
                                .setElevationId(request.getElevationId())
                                .setPrincipalId(holder)
                                .setRevokerId(context.principal().id())
                                .build(),
                        context.atMicros()),
                events -> RevokeElevationReply.getDefaultInstance());
    }

    private static CommandOutcome review(CommandContext context, ReviewElevationRequest request) {
        String holder = request.getPrincipalId();
        return decided(
                elevations(holder),
                ElevationRules.review(
                        Granter.of(context),
                        context.read(elevations(holder), Holder.FOLD),
                        context::authority,
                        ElevationReviewed.newBuilder()
                                .setElevationId(request.getElevationId())
                                .setPrincipalId(holder)
                                .setReviewerId(context.principal().id())
                                .setFinding(request.getFinding())
                                .build(),
                        context.atMicros()),
                events -> ReviewElevationReply.getDefaultInstance());
    }

    private ListElevationPoliciesReply listPolicies(ReadContext context, ListElevationPoliciesRequest request)
            throws RefusedException {
        Policies policies = decisions
                .state(context.tenant(), Policies.PART, "", OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
        return ListElevationPoliciesReply.newBuilder()
                .addAllPolicies(policies.byRole().values().stream()
                        .map(policy -> ElevationPolicy.newBuilder()
                                .setRole(policy.getRole())
                                .setMaxMinutes(policy.getMaxMinutes())
                                .addAllApprovals(policy.getApprovalsList())
                                .setEmergency(policy.getEmergency())
                                .setReviewHours(policy.getReviewHours())
                                .build())
                        .toList())
                .build();
    }

    private ListElevationsReply list(ReadContext context, ListElevationsRequest request) throws RefusedException {
        return list.page(context.tenant(), request, context.atMicros());
    }
}
