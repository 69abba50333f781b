package dev.chancery.access;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.PrincipalNames;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityAt;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.AuthorityDecision.Reason;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.Part;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.access.v1.CheckReply;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * Answers who may do what, in one organisation. A decision is about what is there: about a subject, a workspace, or a resource of a
 * kind that Chancery keeps, that isn't the organisation's own or isn't there, the answer is a deny that says so.
 */
final class Checks {
    /** The workspaces there are. */
    static final Part<WorkspaceState> WORKSPACES = new Part<>("identity/workspace/", WorkspaceState.FOLD);

    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final String NOWHERE = "";

    private final DecisionPoint decisions;
    private final PrincipalNames names;

    Checks(DecisionPoint decisions, PrincipalNames names) {
        this.decisions = decisions;
        this.names = names;
    }

    /** @param workspace where; empty: in the organisation */
    CheckReply check(String tenant, String principal, String capability, String workspace, long atMicros)
            throws RefusedException {
        AuthorityAt at = authority(tenant, principal);
        return reply(at, capability, decide(tenant, at.authority(), capability, workspace, atMicros));
    }

    CheckReply evaluate(String tenant, Evaluation asked, long atMicros) throws RefusedException {
        AuthorityAt at = authority(tenant, principal(tenant, asked.subjectId()).orElse(""));
        Authority authority = at.authority();
        if (!isOfType(authority.principal(), asked.subjectType())) {
            return reply(at, asked.capability(), Reason.UNKNOWN_PRINCIPAL.deny());
        }
        if (!exists(tenant, authority, asked)) {
            return reply(at, asked.capability(), Reason.UNKNOWN_RESOURCE.deny());
        }
        String where =
                asked.workspace().orElse(asked.resourceType().equals("workspace") ? asked.resourceId() : NOWHERE);
        return reply(at, asked.capability(), decide(tenant, authority, asked.capability(), where, atMicros));
    }

    private AuthorityDecision decide(
            String tenant, Authority authority, String capability, String workspace, long atMicros)
            throws RefusedException {
        AuthorityDecision decision = authority.decide(capability, workspace, atMicros);
        // Asked after the authority was read: a workspace that is there stays.
        return decision.granted() && !workspace.isEmpty() && !workspaceExists(tenant, workspace)
                ? Reason.UNKNOWN_WORKSPACE.deny()
                : decision;
    }

    /** Of a kind that Chancery doesn't keep, any id names a resource. */
    private boolean exists(String tenant, Authority authority, Evaluation asked) throws RefusedException {
        String id = asked.resourceId();
        return switch (asked.resourceType()) {
            case "workspace" -> workspaceExists(tenant, id);
            case "principal" -> principalExists(tenant, principal(tenant, id).orElse(""));
            case "organisation" -> tenant.equals(Principal.INSTANCE) || tenant.equals(id);
            case "role" ->
                authority.bundle(id).isPresent()
                        || authority.roleModel().retired().contains(id);
            case "capability" ->
                authority.contract().capabilities().contains(id)
                        || authority.roleModel().capabilities().containsKey(id);
            default -> true;
        };
    }

    /** A subject is named by its id, its e-mail address or its external name. */
    private Optional<String> principal(String tenant, String name) {
        return ID.matcher(name).matches() ? Optional.of(name) : names.find(tenant, name);
    }

    private static boolean isOfType(PrincipalState principal, String type) {
        return principal.exists() && PrincipalNames.type(principal.type()).equals(type);
    }

    private boolean principalExists(String tenant, String id) throws RefusedException {
        return authority(tenant, id).authority().principal().exists();
    }

    private boolean workspaceExists(String tenant, String id) throws RefusedException {
        return decisions
                .state(tenant, WORKSPACES, id, OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE))
                .exists();
    }

    private AuthorityAt authority(String tenant, String principal) throws RefusedException {
        // What the caller has seen was waited for at the boundary.
        return decisions
                .authority(tenant, principal, OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
    }

    private static CheckReply reply(AuthorityAt at, String capability, AuthorityDecision answer) {
        return CheckReply.newBuilder()
                .setDecision(answer.granted())
                .setReason(answer.reason().code())
                .setAssignmentId(answer.assignmentId())
                .setRole(answer.role())
                .setPosition(Math.max(0, at.position()))
                .setStepUpSeconds(answer.granted() ? at.authority().stepUpSeconds(capability) : 0)
                .build();
    }
}
