package dev.chancery.consent;

import dev.chancery.decision.Consents;
import dev.chancery.kernel.Principal;

/**
 * Who consents: the verified principal. No role counts here.
 *
 * @param forAnother whether it acts for somebody else: then it consents for nobody
 */
record Speaker(String id, boolean forAnother) {
    static Speaker of(Principal principal) {
        return new Speaker(principal.id(), principal.actingFor().isPresent());
    }

    /** Whether its word is the subject's. */
    boolean speaksFor(String subject, Consents consents, long atMicros) {
        return !forAnother && (id.equals(subject) || consents.isRepresentedBy(id, atMicros));
    }
}
