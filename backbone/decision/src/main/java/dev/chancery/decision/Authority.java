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
        Assignments assignments) {

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
        return reason.deny();
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
                        || assignments.held().stream()
                                .anyMatch(held -> held.covers(workspace)
                                        && held.countsAt(atMicros)
                                        && held.lastsUntil(untilMicros)
                                        && has(held, capability)));
    }

    /** What a role bundles: one of the organisation's own roles, or its built-in one; empty where there is no such role. */
    public Optional<Set<String>> bundle(String role) {
        return Optional.ofNullable(
                role.equals(foundation.role())
                        ? contract.capabilities()
                        : roleModel.roles().get(role));
    }

    /** What the principal holds that is not over, the first grant too. */
    public List<Assignment> grants(long atMicros) {
        Stream<Assignment> first = holdsFirstGrant()
                ? Stream.of(new Assignment(foundation.assignmentId(), foundation.role(), "", 0, 0))
                : Stream.of();
        return Stream.concat(first, assignments.held().stream().filter(held -> held.endsAfter(atMicros)))
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
