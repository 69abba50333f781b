package dev.chancery.decision;

import dev.chancery.decision.Assignments.Assignment;
import java.util.Set;

/**
 * All that a decision about one principal rests on, and the decision: pure, default deny.
 *
 * <p>A role is looked up when it is asked about, not when it was assigned: changing or retiring it changes what its holders may do at
 * once.
 */
public record Authority(
        String principalId,
        PrincipalState principal,
        Foundation foundation,
        AdoptedContract contract,
        RoleModel roleModel,
        Assignments assignments) {

    /** An answer and what decided. */
    public record Answer(Reason reason, String assignmentId, String role) {
        public boolean granted() {
            return reason == Reason.GRANTED;
        }
    }

    public enum Reason {
        GRANTED("granted"),
        NO_GRANT("no-grant"),
        EXPIRED("expired"),
        UNKNOWN_PRINCIPAL("unknown-principal"),
        INACTIVE_PRINCIPAL("inactive-principal");

        private final String code;

        Reason(String code) {
            this.code = code;
        }

        /** As it is told to callers. */
        public String code() {
            return code;
        }
    }

    /**
     * Whether the principal may do {@code capability} at a moment.
     *
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     */
    public Answer decide(String capability, String workspace, long atMicros) {
        if (!principal.exists()) {
            return deny(Reason.UNKNOWN_PRINCIPAL);
        }
        if (!principal.active()) {
            return deny(Reason.INACTIVE_PRINCIPAL);
        }
        if (holdsFirstGrant() && contract.capabilities().contains(capability)) {
            return new Answer(Reason.GRANTED, foundation.assignmentId(), foundation.role());
        }
        Reason reason = Reason.NO_GRANT;
        for (Assignment assignment : assignments.held()) {
            if (assignment.covers(workspace) && bundle(assignment.role()).contains(capability)) {
                if (assignment.countsAt(atMicros)) {
                    return new Answer(Reason.GRANTED, assignment.id(), assignment.role());
                }
                reason = Reason.EXPIRED;
            }
        }
        return deny(reason);
    }

    private boolean holdsFirstGrant() {
        return foundation.holder().equals(principalId) && !assignments.revoked().contains(foundation.assignmentId());
    }

    /** What a role bundles: the organisation's own roles, or a built-in one. */
    private Set<String> bundle(String role) {
        if (role.equals(foundation.role())) {
            return contract.capabilities();
        }
        return roleModel.roles().getOrDefault(role, Set.of());
    }

    private static Answer deny(Reason reason) {
        return new Answer(reason, "", "");
    }
}
