package dev.chancery.decision;

import dev.chancery.decision.Consents.Consent;
import dev.chancery.decision.Consents.Scope;
import java.util.Optional;

/** What those have consented to whom a question is about. */
@FunctionalInterface
public interface ConsentGate {
    /** Nothing was consented to: the question is about nobody, or about somebody who isn't known. */
    ConsentGate NONE = (scope, atMicros) -> Optional.empty();

    /**
     * The consent that counts for a scope at a moment, whoever gets the data; empty where there is none.
     *
     * @param atMicros Unix time in microseconds
     * @return its id
     */
    Optional<String> find(Scope scope, long atMicros);

    /** Of one subject. */
    static ConsentGate of(Purposes purposes, Consents consents) {
        return (scope, atMicros) -> {
            Consents.Answer answer = consents.check(purposes, scope, "", atMicros);
            return Optional.ofNullable(answer.consent())
                    .filter(consent -> answer.given())
                    .map(Consent::id);
        };
    }
}
