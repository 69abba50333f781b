package dev.chancery.access;

import dev.chancery.command.Limits;
import dev.chancery.command.PrincipalNames;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Answerable;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityAt;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.AuthorityDecision.Reason;
import dev.chancery.decision.Consistency;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.PlacedDecision;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.TenantState;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DecisionPath;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Answers who may do what, in one organisation. A decision is about what is there: about a subject, a workspace, or a resource of a
 * kind that Chancery keeps, that isn't the organisation's own or isn't there, the answer is a deny that says so.
 */
final class Checks {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    private final DecisionPoint decisions;
    private final PrincipalNames names;

    Checks(DecisionPoint decisions, PrincipalNames names) {
        this.decisions = decisions;
        this.names = names;
    }

    /**
     * What questions are answered from. What the caller has seen was waited for at the boundary.
     *
     * @param nowMicros the moment that questions about the present are decided at
     */
    Answerable.From at(String tenant, Consistency wanted, long nowMicros) throws RefusedException {
        return answerable(decisions.at(tenant, wanted, nowMicros, Limits.POSITION_WAIT));
    }

    /** The same, from what stays as it is while it is looked through. */
    Answerable.From frozenAt(String tenant, Consistency wanted, long nowMicros) throws RefusedException {
        return answerable(decisions.frozenAt(tenant, wanted, nowMicros, Limits.POSITION_WAIT));
    }

    private static Answerable.From answerable(Answerable found) throws RefusedException {
        return switch (found) {
            case Answerable.From from -> from;
            case Answerable.Not not -> throw new RefusedException(Consistencies.rejection(not));
        };
    }

    CheckReply check(Principal caller, CheckRequest request, long nowMicros) throws RefusedException {
        Answerable.From from = at(caller.tenant(), Consistencies.of(request.getConsistency()), nowMicros);
        String subject = subject(caller, request.getPrincipalId());
        AuthorityAt at = from.state()
                .authority(
                        subject, actingFor(caller, subject, request.getPrincipalActingForId()), request.getAboutId());
        String capability = request.getCapability();
        return reply(
                at, capability, decide(from.state(), at, capability, request.getWorkspaceId(), from.atMicros()), from);
    }

    CheckReply evaluate(Principal caller, Evaluation asked, long nowMicros) throws RefusedException {
        String tenant = caller.tenant();
        Answerable.From from = at(tenant, asked.consistency(), nowMicros);
        String subject = principal(tenant, asked.subjectId()).orElse("");
        AuthorityAt at = from.state()
                .authority(
                        subject,
                        namedActingFor(caller, subject, asked.actingFor()),
                        asked.about().flatMap(name -> principal(tenant, name)).orElse(""));
        Authority authority = at.authority();
        AuthorityDecision decision = !isOfType(authority.principal(), asked.subjectType())
                ? Reason.UNKNOWN_PRINCIPAL.deny()
                : !exists(from.state(), tenant, authority, asked.resourceType(), asked.resourceId())
                        ? Reason.UNKNOWN_RESOURCE.deny()
                        : decide(from.state(), at, asked.capability(), asked.where(), from.atMicros());
        return reply(at, asked.capability(), decision, from);
    }

    /** Whom a question is about: whom it names, or the caller. */
    static String subject(Principal caller, String named) {
        return named.isEmpty() ? caller.id() : named;
    }

    /**
     * Whom a subject acts for: whom the question names or, where the subject is the caller, whom the caller acts for; empty: itself. So
     * an agent that asks about itself is told what its commands would be.
     */
    static String actingFor(Principal caller, String subject, String named) {
        return named.isEmpty() && subject.equals(caller.id())
                ? caller.actingFor().orElse("")
                : named;
    }

    /** The same where it is named as a subject is. Whoever isn't found stays a name, and lets nobody act. */
    String namedActingFor(Principal caller, String subject, String named) {
        String whom = actingFor(caller, subject, named);
        return whom.isEmpty() ? "" : principal(caller.tenant(), whom).orElse(whom);
    }

    static AuthorityDecision decide(
            TenantState state, AuthorityAt at, String capability, String workspace, long atMicros) {
        return PlacedDecision.decide(
                at, id -> state.state(PlacedDecision.WORKSPACES, id), capability, workspace, atMicros);
    }

    /** Of a kind that Chancery doesn't keep, any id names a resource. */
    boolean exists(TenantState state, String tenant, Authority authority, String type, String id) {
        return switch (type) {
            case "workspace" -> workspaceExists(state, id);
            case "principal" ->
                state.authority(principal(tenant, id).orElse(""))
                        .authority()
                        .principal()
                        .exists();
            case "organisation" -> tenant.equals(Principal.INSTANCE) || tenant.equals(id);
            case "role" ->
                authority.bundle(id).isPresent()
                        || authority.roleModel().retired().roles().contains(id);
            case "capability" ->
                authority.contract().capabilities().contains(id)
                        || authority.roleModel().capabilities().containsKey(id);
            default -> true;
        };
    }

    /** A subject is named by its id, its e-mail address or its external name, as they are now. */
    Optional<String> principal(String tenant, String name) {
        return ID.matcher(name).matches() ? Optional.of(name) : names.find(tenant, name);
    }

    static boolean isOfType(PrincipalState principal, String type) {
        return principal.exists() && PrincipalNames.type(principal.type()).equals(type);
    }

    static boolean workspaceExists(TenantState state, String id) {
        return state.state(PlacedDecision.WORKSPACES, id).exists();
    }

    private static CheckReply reply(AuthorityAt at, String capability, AuthorityDecision answer, Answerable.From from) {
        CheckReply.Builder reply = CheckReply.newBuilder()
                .setDecision(answer.granted())
                .setReason(answer.reason().code())
                .setAssignmentId(answer.assignmentId())
                .setRole(answer.role())
                .setConsentScope(answer.missingScope())
                .setPosition(Math.max(0, at.position()));
        if (answer.granted()) {
            reply.setStepUpSeconds(at.authority().sensitivity(capability).stepUpSeconds())
                    .setPath(path(at.authority(), capability, answer, from.atMicros()));
        }
        return reply.build();
    }

    /** All that a grant rests on. */
    static DecisionPath path(Authority authority, String capability, AuthorityDecision granted, long atMicros) {
        return DecisionPath.newBuilder()
                .setAssignmentId(granted.assignmentId())
                .setRole(granted.role())
                .setWorkspaceId(authority.grants(atMicros).stream()
                        .filter(grant -> grant.id().equals(granted.assignmentId()))
                        .map(Assignment::workspace)
                        .findFirst()
                        .orElse(""))
                .setCapability(capability)
                .setElevated(granted.elevated())
                .setGroup(granted.group())
                .addAllConsentIds(granted.consents())
                .build();
    }
}
