package dev.chancery.decision;

import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.AuthorityDecision.Reason;
import dev.chancery.decision.Consents.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * All that a decision about one principal rests on, and the decision: pure, default deny.
 *
 * <p>A role is looked up when it is asked about, not when it was assigned: changing or retiring it changes what its holders may do at
 * once.
 *
 * @param groups those that the principal is in
 */
public record Authority(
        String principalId,
        PrincipalState principal,
        FirstGrant foundation,
        AdoptedContract contract,
        RoleModel roleModel,
        Assignments assignments,
        Elevations elevations,
        List<GroupGrants> groups,
        TrustedIssuers issuers) {
    public Authority {
        groups = List.copyOf(groups);
    }

    /** Of an organisation that trusts no issuer. */
    public Authority(
            String principalId,
            PrincipalState principal,
            FirstGrant foundation,
            AdoptedContract contract,
            RoleModel roleModel,
            Assignments assignments,
            Elevations elevations,
            List<GroupGrants> groups) {
        this(
                principalId,
                principal,
                foundation,
                contract,
                roleModel,
                assignments,
                elevations,
                groups,
                TrustedIssuers.NONE);
    }

    /**
     * Whether the principal may do {@code capability} at a moment, to nobody in particular.
     *
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     */
    public AuthorityDecision decide(String capability, String workspace, long atMicros) {
        return decide(capability, workspace, atMicros, ConsentGate.NONE);
    }

    /**
     * Whether the principal may do {@code capability} at a moment, to somebody whose consents are known.
     *
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     */
    public AuthorityDecision decide(String capability, String workspace, long atMicros, ConsentGate consents) {
        if (!principal.exists()) {
            return Reason.UNKNOWN_PRINCIPAL.deny();
        }
        if (!principal.active()) {
            return Reason.INACTIVE_PRINCIPAL.deny();
        }
        Sensitivity sensitivity = sensitivity(capability);
        AuthorityDecision found = granted(capability, workspace, atMicros, sensitivity.breakGlassOnly());
        return found.granted() && !sensitivity.consentFor().isEmpty()
                ? consented(found, capability, sensitivity.consentFor(), consents, atMicros)
                : found;
    }

    private static AuthorityDecision consented(
            AuthorityDecision found, String capability, Set<String> purposes, ConsentGate consents, long atMicros) {
        int colon = capability.indexOf(':');
        List<String> given = new ArrayList<>();
        for (String purpose : purposes) {
            var scope = new Scope(purpose, capability.substring(0, colon), capability.substring(colon + 1));
            Optional<String> consent = consents.find(scope, atMicros);
            if (consent.isEmpty()) {
                return AuthorityDecision.without(scope);
            }
            given.add(consent.get());
        }
        return found.with(given);
    }

    private AuthorityDecision granted(String capability, String workspace, long atMicros, boolean breakGlassOnly) {
        AuthorityDecision standing = standing(capability, workspace, atMicros);
        if (standing.granted() && !breakGlassOnly) {
            return standing;
        }
        // Last, so that a use of break-glass is marked only where nothing else would do.
        return elevations.held().stream()
                .filter(held -> held.covers(workspace) && held.countsAt(atMicros) && has(held, capability))
                .findFirst()
                .map(held -> new AuthorityDecision(Reason.GRANTED, held.id(), held.role(), true, ""))
                .orElse(standing.granted() ? Reason.BREAK_GLASS_ONLY.deny() : standing);
    }

    /** By what is not for an emergency: the first grant, assignments, groups. */
    private AuthorityDecision standing(String capability, String workspace, long atMicros) {
        if (firstGrantHas(capability)) {
            return new AuthorityDecision(Reason.GRANTED, foundation.assignmentId(), foundation.role());
        }
        AuthorityDecision decision = among(assigned(), "", capability, workspace, atMicros, Reason.NO_GRANT);
        for (GroupGrants group : groups) {
            if (decision.granted()) {
                return decision;
            }
            decision = among(group.held(), group.name(), capability, workspace, atMicros, decision.reason());
        }
        return decision;
    }

    private AuthorityDecision among(
            List<Assignment> of, String group, String capability, String workspace, long atMicros, Reason otherwise) {
        Reason reason = otherwise;
        for (Assignment assignment : of) {
            if (assignment.covers(workspace) && has(assignment, capability)) {
                if (assignment.countsAt(atMicros)) {
                    return new AuthorityDecision(Reason.GRANTED, assignment.id(), assignment.role(), false, group);
                }
                reason = assignment.endsAfter(atMicros) ? Reason.NOT_YET : Reason.EXPIRED;
            }
        }
        return reason.deny();
    }

    /** How much care the use of a capability takes: what the contract says of it, and what the organisation does. */
    public Sensitivity sensitivity(String capability) {
        Sensitivity products = contract.sensitive().getOrDefault(capability, Sensitivity.NONE);
        RoleModel.Capability own = roleModel.capabilities().get(capability);
        return own == null ? products : own.sensitivity().and(products);
    }

    /**
     * Whether the principal may do {@code capability} from a moment on up to another, as things stand.
     *
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     * @param untilMicros exclusive; 0: without end
     */
    public boolean holds(String capability, String workspace, long atMicros, long untilMicros) {
        if (!principal.active()) {
            return false;
        }
        boolean breakGlassOnly = sensitivity(capability).breakGlassOnly();
        Stream<Assignment> counting =
                breakGlassOnly ? elevations.held().stream() : Stream.concat(standing(), elevations.held().stream());
        return (firstGrantHas(capability) && !breakGlassOnly)
                || counting.anyMatch(held -> held.covers(workspace)
                        && held.countsAt(atMicros)
                        && held.lastsUntil(untilMicros)
                        && has(held, capability));
    }

    /** What is assigned to the principal or to a group that it is in. */
    private Stream<Assignment> standing() {
        return Stream.concat(assigned().stream(), groups.stream().flatMap(group -> group.held().stream()));
    }

    /** What is assigned to the principal: by hand, and by its issuer's groups. */
    private List<Assignment> assigned() {
        return principal.issuerRoles().held().isEmpty()
                ? assignments.held()
                : Stream.concat(assignments.held().stream(), byIssuer()).toList();
    }

    /** What its groups at an issuer give it that is still trusted and maps them. */
    private Stream<Assignment> byIssuer() {
        IssuerRoles roles = principal.issuerRoles();
        return roles.held().stream()
                .filter(role -> issuers.gives(roles.issuerId(), role.role(), role.workspace(), principalId));
    }

    /** Whether it is in a group. */
    public boolean isIn(String groupId) {
        return groups.stream().anyMatch(group -> group.id().equals(groupId));
    }

    /**
     * Whether the principal holds a role at a moment, otherwise than by an elevation.
     *
     * @param workspace where; empty: in the whole organisation
     */
    public boolean holdsRole(String role, String workspace, long atMicros) {
        return principal.active()
                && bundle(role).isPresent()
                && (holdsFirstGrant() && role.equals(foundation.role())
                        || standing()
                                .anyMatch(held ->
                                        held.role().equals(role) && held.covers(workspace) && held.countsAt(atMicros)));
    }

    /** What a role bundles: one of the organisation's own roles, or its built-in one; empty where there is no such role. */
    public Optional<Set<String>> bundle(String role) {
        return role.equals(foundation.role())
                ? Optional.of(contract.capabilities())
                : Optional.ofNullable(roleModel.roles().get(role)).map(RoleModel.Role::capabilities);
    }

    /** What the principal holds that is not over: of its own, by its groups, by elevations. */
    public List<Assignment> grants(long atMicros) {
        return Stream.of(
                        ownGrants(atMicros).stream(),
                        byIssuer(),
                        groups.stream().flatMap(group -> group.held().stream()),
                        elevations.held().stream())
                .flatMap(held -> held)
                .filter(held -> held.endsAfter(atMicros))
                .toList();
    }

    /** What is the principal's own and not over: the first grant, and what is assigned to it by hand. */
    public List<Assignment> ownGrants(long atMicros) {
        Stream<Assignment> first = holdsFirstGrant()
                ? Stream.of(new Assignment(foundation.assignmentId(), foundation.role(), "", 0, 0))
                : Stream.of();
        return Stream.concat(first, assignments.held().stream())
                .filter(held -> held.endsAfter(atMicros))
                .toList();
    }

    private boolean holdsFirstGrant() {
        return foundation.holder().equals(principalId) && !assignments.revoked().contains(foundation.assignmentId());
    }

    private boolean firstGrantHas(String capability) {
        return holdsFirstGrant() && contract.capabilities().contains(capability);
    }

    private boolean has(Assignment assignment, String capability) {
        return bundle(assignment.role())
                .filter(bundle -> bundle.contains(capability))
                .isPresent();
    }
}
