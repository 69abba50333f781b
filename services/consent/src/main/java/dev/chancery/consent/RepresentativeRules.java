package dev.chancery.consent;

import static dev.chancery.consent.ConsentRejection.IS_GUARDIAN;
import static dev.chancery.consent.ConsentRejection.NOT_A_USER;
import static dev.chancery.consent.ConsentRejection.NOT_THE_SUBJECT;
import static dev.chancery.consent.ConsentRejection.NOT_YOURS;
import static dev.chancery.consent.ConsentRejection.NO_SUCH_PRINCIPAL;
import static dev.chancery.consent.ConsentRejection.NO_SUCH_REPRESENTATIVE;
import static dev.chancery.consent.ConsentRejection.OWN_GUARDIAN;
import static dev.chancery.consent.ConsentRejection.TOO_MANY_REPRESENTATIVES;
import static dev.chancery.consent.ConsentRejection.UNTIL;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.decision.Consents;
import dev.chancery.decision.Consents.Representative;
import dev.chancery.decision.PrincipalState;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.consent.v1.RepresentativeEnded;
import dev.chancery.schema.consent.v1.RepresentativeKind;
import dev.chancery.schema.consent.v1.RepresentativeRecorded;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.Set;

/** Who may consent for somebody else, and who says so. Pure. */
final class RepresentativeRules {
    static final int MAX_REPRESENTATIVES = 20;

    private RepresentativeRules() {}

    /** @param recorders who records, and whom it acts for */
    static Decision<Message> guardian(
            Set<String> recorders,
            Consents consents,
            PrincipalState subject,
            PrincipalState guardian,
            RepresentativeRecorded wanted,
            long atMicros) {
        if (!subject.exists() || !guardian.exists()) {
            return reject(NO_SUCH_PRINCIPAL);
        }
        if (recorders.contains(wanted.getSubjectId()) || recorders.contains(wanted.getRepresentativeId())) {
            return reject(OWN_GUARDIAN);
        }
        return record(consents, guardian, wanted, atMicros);
    }

    static Decision<Message> delegate(
            Speaker speaker, Consents consents, PrincipalState delegate, RepresentativeRecorded wanted, long atMicros) {
        if (speaker.forAnother()) {
            return reject(NOT_THE_SUBJECT);
        }
        if (!delegate.exists()) {
            return reject(NO_SUCH_PRINCIPAL);
        }
        Representative before = consents.representatives().get(wanted.getRepresentativeId());
        if (before != null && before.kind() == RepresentativeKind.REPRESENTATIVE_KIND_GUARDIAN) {
            return reject(IS_GUARDIAN);
        }
        return record(consents, delegate, wanted, atMicros);
    }

    private static Decision<Message> record(
            Consents consents, PrincipalState representative, RepresentativeRecorded wanted, long atMicros) {
        if (!representative.active()
                || representative.type() != PrincipalType.USER
                || wanted.getRepresentativeId().equals(wanted.getSubjectId())) {
            return reject(NOT_A_USER);
        }
        if (wanted.getUntilMicros() != 0 && wanted.getUntilMicros() <= atMicros) {
            return reject(UNTIL);
        }
        if (!consents.representatives().containsKey(wanted.getRepresentativeId())
                && consents.representatives().size() >= MAX_REPRESENTATIVES) {
            return reject(TOO_MANY_REPRESENTATIVES);
        }
        return events(wanted);
    }

    /** @param mayRecord whether the speaker might record guardians */
    static Decision<Message> end(Speaker speaker, boolean mayRecord, Consents consents, RepresentativeEnded wanted) {
        Representative there = consents.representatives().get(wanted.getRepresentativeId());
        if (there == null) {
            return consents.ended().contains(wanted.getRepresentativeId()) ? nothing() : reject(NO_SUCH_REPRESENTATIVE);
        }
        boolean subjects = !speaker.forAnother()
                && speaker.id().equals(wanted.getSubjectId())
                && there.kind() == RepresentativeKind.REPRESENTATIVE_KIND_DELEGATE;
        boolean own = !speaker.forAnother() && speaker.id().equals(wanted.getRepresentativeId());
        return subjects || own || mayRecord ? events(wanted) : reject(NOT_YOURS);
    }
}
