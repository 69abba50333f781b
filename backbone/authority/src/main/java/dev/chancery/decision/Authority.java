package dev.chancery.decision;

import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.AuthorityDecision.Reason;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * All that a decision about one principal rests on, and the decision: pure, default deny.
 *
 * <p>A role is looked up when it is asked about, not when it was assigned: changing or retiring it changes what its holders may do at
 * once.
 */
public record Authority(
        String principalId,
        PrincipalState principal,
        FirstGrant foundation,
        AdoptedContract contract,
        RoleModel roleModel,
        Assignments assignments,
        Elevations elevations) {

    /**
     * Whether the principal may do {@code capability} at a moment.
     *
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     */
    public AuthorityDecision decide(String capability, String workspace, long atMicros) {
        if (!principal.exists()) {
            return Reason.UNKNOWN_PRINCIPAL.deny();
        }
        if (!principal.active()) {
            return Reason.INACTIVE_PRINCIPAL.deny();
        }
        if (firstGrantHas(capability)) {
            return new AuthorityDecision(Reason.GRANTED, foundation.assignmentId(), foundation.role());
        }
        Reason reason = Reason.NO_GRANT;
        for (Assignment assignment : assignments.held()) {
            if (assignment.covers(workspace) && has(assignment, capability)) {
                if (assignment.countsAt(atMicros)) {
                    return new AuthorityDecision(Reason.GRANTED, assignment.id(), assignment.role());
                }
                reason = assignment.endsAfter(atMicros) ? Reason.NOT_YET : Reason.EXPIRED;
            }
        }
        // Last, so that a use of break-glass is marked only where nothing else would do.
        return elevations.held().stream()
                .filter(held -> held.covers(workspace) && held.countsAt(atMicros) && has(held, capability))
                .findFirst()
                .map(held -> new AuthorityDecision(Reason.GRANTED, held.id(), held.role(), true))
                .orElse(reason.deny());
    }

    /** How old an authentication may be where one of the organisation's own capabilities is used, in seconds; 0: of any age. */
    public int stepUpSeconds(String capability) {
        return roleModel.capabilities().getOrDefault(capability, 0);
    }

    /**
     * Whether the principal may do {@code capability} from a moment on up to another, as things stand.
     *
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     * @param untilMicros exclusive; 0: without end
     */
    public boolean holds(String capability, String workspace, long atMicros, long untilMicros) {
        return principal.active()
                && (firstGrantHas(capability)
                        || Stream.concat(assignments.held().stream(), elevations.held().stream())
                                .anyMatch(held -> held.covers(workspace)
                                        && held.countsAt(atMicros)
                                        && held.lastsUntil(untilMicros)
                                        && has(held, capability)));
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
                        || assignments.held().stream()
                                .anyMatch(held ->
                                        held.role().equals(role) && held.covers(workspace) && held.countsAt(atMicros)));
    }

    /** What a role bundles: one of the organisation's own roles, or its built-in one; empty where there is no such role. */
    public Optional<Set<String>> bundle(String role) {
        return Optional.ofNullable(
                role.equals(foundation.role())
                        ? contract.capabilities()
                        : roleModel.roles().get(role));
    }

    /** What the principal holds that is not over, the first grant and elevations too. */
    public List<Assignment> grants(long atMicros) {
        Stream<Assignment> first = holdsFirstGrant()
                ? Stream.of(new Assignment(foundation.assignmentId(), foundation.role(), "", 0, 0))
                : Stream.of();
        return Stream.of(first, assignments.held().stream(), elevations.held().stream())
                .flatMap(held -> held)
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
