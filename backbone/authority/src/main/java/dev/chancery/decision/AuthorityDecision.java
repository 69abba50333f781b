package dev.chancery.decision;

import java.util.List;

/**
 * Whether a principal may do something, and what decided.
 *
 * @param assignmentId the assignment, or the elevation, that grants it; empty when nothing does
 * @param role the role that is held by it; empty when nothing grants it
 * @param elevated whether it rests on an elevation, for want of anything else
 * @param group name of the group whose assignment grants it; empty when it is the principal's own, or nothing grants it
 * @param consents ids of the consents that a grant rests on too
 * @param missingScope what to ask whom it is about for, where only a consent is missing: {@code resource:action for purpose}
 */
public record AuthorityDecision(
        Reason reason,
        String assignmentId,
        String role,
        boolean elevated,
        String group,
        List<String> consents,
        String missingScope) {
    public AuthorityDecision {
        consents = List.copyOf(consents);
    }

    public AuthorityDecision(Reason reason, String assignmentId, String role, boolean elevated, String group) {
        this(reason, assignmentId, role, elevated, group, List.of(), "");
    }

    public AuthorityDecision(Reason reason, String assignmentId, String role) {
        this(reason, assignmentId, role, false, "");
    }

    /** The same grant, that rests on consents too. */
    AuthorityDecision with(List<String> given) {
        return new AuthorityDecision(reason, assignmentId, role, elevated, group, given, missingScope);
    }

    /** The decision that a consent is missing, and to what. */
    static AuthorityDecision without(Consents.Scope scope) {
        return new AuthorityDecision(
                Reason.CONSENT, "", "", false, "", List.of(), scope.purpose().isEmpty() ? "" : scope.text());
    }

    public enum Reason {
        GRANTED("granted"),
        NO_GRANT("no-grant"),
        NOT_YET("not-yet"),
        EXPIRED("expired"),
        BREAK_GLASS_ONLY("break-glass-only"),
        CONSENT("consent"),
        UNKNOWN_PRINCIPAL("unknown-principal"),
        INACTIVE_PRINCIPAL("inactive-principal"),
        NOT_DELEGATED("not-delegated"),
        UNKNOWN_WORKSPACE("unknown-workspace"),
        UNKNOWN_RESOURCE("unknown-resource");

        private final String code;

        Reason(String code) {
            this.code = code;
        }

        /** As callers read it. */
        public String code() {
            return code;
        }

        /** The decision that nothing is granted, for this reason. */
        public AuthorityDecision deny() {
            return new AuthorityDecision(this, "", "");
        }
    }

    public boolean granted() {
        return reason == Reason.GRANTED;
    }
}
