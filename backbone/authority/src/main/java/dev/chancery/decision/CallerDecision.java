package dev.chancery.decision;

import dev.chancery.decision.AuthorityDecision.Reason;
import dev.chancery.kernel.Principal;
import java.util.function.Function;

/** What a caller may do: what it may itself and, where it acts for somebody, that one may too and lets it. */
public final class CallerDecision {
    private CallerDecision() {}

    /**
     * @param authorities what decides about a principal of the caller's organisation, by its id
     * @param consents what those have consented to whom the call is about
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     */
    public static AuthorityDecision decide(
            Principal caller,
            Function<String, Authority> authorities,
            ConsentGate consents,
            String capability,
            String workspace,
            long atMicros) {
        AuthorityDecision own = authorities.apply(caller.id()).decide(capability, workspace, atMicros, consents);
        if (caller.actingFor().isEmpty() || !own.granted()) {
            return own;
        }
        Authority theirs = authorities.apply(caller.actingFor().get());
        if (theirs.principal().delegations().stream()
                .noneMatch(given -> given.covers(caller.id(), capability, workspace, atMicros))) {
            return Reason.NOT_DELEGATED.deny();
        }
        AuthorityDecision decision = theirs.decide(capability, workspace, atMicros, consents);
        return decision.granted() ? own : decision;
    }
}
