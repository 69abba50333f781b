package dev.chancery.consent;

import static dev.chancery.consent.ConsentRejection.ALREADY_GIVEN;
import static dev.chancery.consent.ConsentRejection.NOTICE_OUTDATED;
import static dev.chancery.consent.ConsentRejection.NOT_THE_SUBJECT;
import static dev.chancery.consent.ConsentRejection.NO_NOTICE;
import static dev.chancery.consent.ConsentRejection.NO_SUCH_CONSENT;
import static dev.chancery.consent.ConsentRejection.NO_SUCH_PURPOSE;
import static dev.chancery.consent.ConsentRejection.NO_SUCH_RECIPIENT;
import static dev.chancery.consent.ConsentRejection.NO_SUCH_SCOPE;
import static dev.chancery.consent.ConsentRejection.PURPOSE_RETIRED;
import static dev.chancery.consent.ConsentRejection.TOO_MANY;
import static dev.chancery.consent.ConsentRejection.UNTIL;
import static dev.chancery.consent.ConsentRejection.WITHDRAWN;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.decision.Consents;
import dev.chancery.decision.Consents.Consent;
import dev.chancery.decision.Consents.Scope;
import dev.chancery.decision.Purposes;
import dev.chancery.decision.Purposes.Purpose;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentRenewed;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.NoticePublished;
import java.util.Optional;
import java.util.OptionalLong;

/** Who consents to what, until when. Pure: nothing here knows what roles anybody holds. */
final class ConsentRules {
    static final int MAX_CONSENTS = 500;
    private static final long DAY_MICROS = 86_400_000_000L;

    private ConsentRules() {}

    /**
     * @param wanted with the subject, the scope and the notice's version; the rest follows
     * @param untilMicros exclusive; 0: the latest that the purpose allows
     */
    static Decision<Message> grant(
            Speaker speaker,
            Purposes purposes,
            Consents consents,
            ConsentGranted wanted,
            long untilMicros,
            long atMicros) {
        if (!speaker.speaksFor(wanted.getSubjectId(), consents, atMicros)) {
            return reject(NOT_THE_SUBJECT);
        }
        Purpose purpose = purposes.byName().get(wanted.getPurpose());
        if (purpose == null) {
            return reject(NO_SUCH_PURPOSE);
        }
        Optional<Rejection> refused = askable(purpose, wanted.getNoticeVersion());
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (!purpose.defined().getScopesList().contains(wanted.getResource() + ":" + wanted.getAction())) {
            return reject(NO_SUCH_SCOPE);
        }
        NoticePublished notice = purpose.notice().orElseThrow();
        if (!notice.getRecipientsList().contains(wanted.getRecipient())) {
            return reject(NO_SUCH_RECIPIENT);
        }
        OptionalLong until = until(purpose, untilMicros, atMicros);
        if (until.isEmpty()) {
            return reject(UNTIL);
        }
        Optional<Consent> given = given(purposes, consents, wanted, atMicros);
        if (given.isPresent()) {
            return untilMicros == 0 || given.get().untilMicros() == untilMicros ? nothing() : reject(ALREADY_GIVEN);
        }
        // Those that are over stay as they are, for a renewal; they are no reason to refuse another.
        long open = consents.given().stream()
                .filter(consent -> !consent.withdrawn() && !consent.isOver(atMicros))
                .count();
        if (open >= MAX_CONSENTS) {
            return reject(TOO_MANY);
        }
        return events(wanted.toBuilder()
                .setPurposeVersion(purpose.version())
                .setLegalBasis(purpose.defined().getLegalBasis())
                .setUntilMicros(until.getAsLong())
                .setGranterId(speaker.id())
                .build());
    }

    /** The consent that counts for what is wanted. */
    static Optional<Consent> given(Purposes purposes, Consents consents, ConsentGranted wanted, long atMicros) {
        var scope = new Scope(wanted.getPurpose(), wanted.getResource(), wanted.getAction());
        Consents.Answer answer = consents.check(purposes, scope, wanted.getRecipient(), atMicros);
        return answer.given() ? Optional.ofNullable(answer.consent()) : Optional.empty();
    }

    static Decision<Message> withdraw(Speaker speaker, Consents consents, ConsentWithdrawn wanted, long atMicros) {
        if (!speaker.speaksFor(wanted.getSubjectId(), consents, atMicros)) {
            return reject(NOT_THE_SUBJECT);
        }
        return consents.find(wanted.getConsentId())
                .<Decision<Message>>map(consent -> consent.withdrawn()
                        ? nothing()
                        : events(
                                wanted.toBuilder().setWithdrawerId(speaker.id()).build()))
                .orElse(reject(NO_SUCH_CONSENT));
    }

    /** @param untilMicros exclusive; 0: the latest that the purpose allows */
    static Decision<Message> renew(
            Speaker speaker,
            Purposes purposes,
            Consents consents,
            ConsentRenewed wanted,
            long untilMicros,
            long atMicros) {
        if (!speaker.speaksFor(wanted.getSubjectId(), consents, atMicros)) {
            return reject(NOT_THE_SUBJECT);
        }
        Optional<Consent> found = consents.find(wanted.getConsentId());
        if (found.isEmpty()) {
            return reject(NO_SUCH_CONSENT);
        }
        Consent consent = found.get();
        if (consent.withdrawn()) {
            return reject(WITHDRAWN);
        }
        Purpose purpose = purposes.find(consent.scope().purpose()).orElseThrow();
        Optional<Rejection> refused = askable(purpose, wanted.getNoticeVersion());
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (!purpose.defined()
                .getScopesList()
                .contains(consent.scope().resource() + ":" + consent.scope().action())) {
            return reject(NO_SUCH_SCOPE);
        }
        if (!purpose.notice().orElseThrow().getRecipientsList().contains(consent.recipient())) {
            return reject(NO_SUCH_RECIPIENT);
        }
        OptionalLong until = until(purpose, untilMicros, atMicros);
        if (until.isEmpty()) {
            return reject(UNTIL);
        }
        if (consent.untilMicros() == until.getAsLong()
                && consent.noticeVersion() == wanted.getNoticeVersion()
                && consent.purposeVersion() == purpose.version()) {
            return nothing();
        }
        return events(wanted.toBuilder()
                .setPurposeVersion(purpose.version())
                .setLegalBasis(purpose.defined().getLegalBasis())
                .setUntilMicros(until.getAsLong())
                .setGranterId(speaker.id())
                .build());
    }

    /** Why nobody can be asked for this purpose by this notice; empty: they can. */
    private static Optional<Rejection> askable(Purpose purpose, int noticeVersion) {
        if (purpose.retired()) {
            return Optional.of(PURPOSE_RETIRED);
        }
        if (purpose.notice().isEmpty()) {
            return Optional.of(NO_NOTICE);
        }
        return purpose.notice().get().getNoticeVersion() == noticeVersion
                ? Optional.empty()
                : Optional.of(NOTICE_OUTDATED);
    }

    private static OptionalLong until(Purpose purpose, long wanted, long atMicros) {
        int days = purpose.defined().getMaxDays();
        long latest = days == 0 ? 0 : atMicros + days * DAY_MICROS;
        if (wanted == 0) {
            return OptionalLong.of(latest);
        }
        return wanted <= atMicros || latest != 0 && wanted > latest ? OptionalLong.empty() : OptionalLong.of(wanted);
    }
}
