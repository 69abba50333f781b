package dev.chancery.decision;

import dev.chancery.decision.AuthorityDecision.Reason;
import dev.chancery.kernel.Principal;
import java.util.Optional;
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
        return decide(
                authorities.apply(caller.id()),
                caller.actingFor().map(authorities),
                consents,
                capability,
                workspace,
                atMicros);
    }

    /**
     * @param self what decides what the one may do who acts
     * @param actingFor whom it acts for; empty: itself
     * @param consents what those have consented to whom the question is about
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     * @return of a grant, what the one holds it by who acts
     */
    public static AuthorityDecision decide(
            Authority self,
            Optional<Authority> actingFor,
            ConsentGate consents,
            String capability,
            String workspace,
            long atMicros) {
        AuthorityDecision own = self.decide(capability, workspace, atMicros, consents);
        if (actingFor.isEmpty() || !own.granted()) {
            return own;
        }
        Authority theirs = actingFor.get();
        if (theirs.principal().delegations().stream()
                .noneMatch(given -> given.covers(self.principalId(), capability, workspace, atMicros))) {
            return Reason.NOT_DELEGATED.deny();
        }
        AuthorityDecision decision = theirs.decide(capability, workspace, atMicros, consents);
        return decision.granted() ? own : decision;
    }
}
