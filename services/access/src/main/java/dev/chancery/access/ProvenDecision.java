package dev.chancery.access;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.CallerDecision;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.access.v1.DecisionPath;
import dev.chancery.schema.access.v1.DecisionRecorded;
import dev.chancery.schema.access.v1.ProveDecisionReply;
import dev.chancery.schema.access.v1.ProveDecisionRequest;
import java.util.Optional;

/**
 * A decision that goes into the log. What it rests on is the command's basis: if a grant is revoked before the decision is appended, it is
 * decided again, so that it is true at its own position.
 */
final class ProvenDecision {
    private ProvenDecision() {}

    static CommandOutcome decide(CommandContext context, ProveDecisionRequest request) {
        String workspace = request.getWorkspaceId();
        if (!workspace.isEmpty()
                && !context.read(AuthorityStreams.workspace(workspace), WorkspaceState.FOLD)
                        .exists()) {
            return CommandOutcome.reject(AccessRejection.NO_SUCH_WORKSPACE);
        }
        Authority authority = context.authority(request.getPrincipalId());
        String actingFor =
                Checks.actingFor(context.principal(), request.getPrincipalId(), request.getPrincipalActingForId());
        AuthorityDecision decision = CallerDecision.decide(
                authority,
                Optional.of(actingFor).filter(id -> !id.isEmpty()).map(context::authority),
                context.consents(request.getAboutId()),
                request.getCapability(),
                workspace,
                context.atMicros());
        if (decision.reason() == AuthorityDecision.Reason.UNKNOWN_PRINCIPAL) {
            return CommandOutcome.reject(AccessRejection.NO_SUCH_PRINCIPAL);
        }
        DecisionRecorded.Builder recorded = DecisionRecorded.newBuilder()
                .setDecisionId(context.newId())
                .setPrincipalId(request.getPrincipalId())
                .setCapability(request.getCapability())
                .setWorkspaceId(request.getWorkspaceId())
                .setAboutId(request.getAboutId())
                .setActingForId(actingFor)
                .setAtMicros(context.atMicros())
                .setRequestHash(request.getRequestHash())
                .setDecision(decision.granted())
                .setReason(decision.reason().code());
        ProveDecisionReply.Builder reply = ProveDecisionReply.newBuilder()
                .setDecision(decision.granted())
                .setReason(decision.reason().code())
                .setConsentScope(decision.missingScope())
                .setDecisionId(recorded.getDecisionId());
        if (decision.granted()) {
            DecisionPath path = Checks.path(authority, request.getCapability(), decision, context.atMicros());
            recorded.setAssignmentId(path.getAssignmentId())
                    .setRole(path.getRole())
                    .setScopeWorkspaceId(path.getWorkspaceId())
                    .setElevated(path.getElevated())
                    .setGroup(path.getGroup())
                    .addAllConsentIds(path.getConsentIdsList());
            reply.setPath(path);
        }
        StreamId stream = context.fresh(StreamId.of("access", "decision", recorded.getDecisionId()));
        return CommandOutcome.done(reply.build(), new NewEvent(stream, recorded.build()))
                .withTarget("decision", recorded.getDecisionId());
    }
}
