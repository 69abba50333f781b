package dev.chancery.consent;

import static dev.chancery.consent.ConsentRejection.ALREADY_DEFINED;
import static dev.chancery.consent.ConsentRejection.NOTICE;
import static dev.chancery.consent.ConsentRejection.NO_SUCH_PURPOSE;
import static dev.chancery.consent.ConsentRejection.PURPOSE;
import static dev.chancery.consent.ConsentRejection.PURPOSE_RETIRED;
import static dev.chancery.consent.ConsentRejection.TOO_MANY_NOTICES;
import static dev.chancery.consent.ConsentRejection.TOO_MANY_PURPOSES;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.decision.Purposes;
import dev.chancery.decision.Purposes.Purpose;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.consent.v1.PurposeRetired;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** What data is used for, and what subjects are told. Pure. */
final class PurposeRules {
    static final int MAX_PURPOSES = 1_000;
    static final int MAX_NOTICES = 1_000;
    static final int MAX_DAYS = 3_650;
    private static final int MAX_LIST = 50;

    private PurposeRules() {}

    /**
     * @param sameDescription whether the description is what the purpose has; it is sealed, so the events can't tell
     * @param wanted without a version
     */
    static Decision<Message> define(Purposes purposes, PurposeDefined wanted, boolean sameDescription) {
        if (!isWellFormed(wanted)) {
            return reject(PURPOSE);
        }
        Optional<Purpose> before = purposes.find(wanted.getPurpose());
        if (before.isEmpty()) {
            return purposes.byName().size() >= MAX_PURPOSES
                    ? reject(TOO_MANY_PURPOSES)
                    : events(wanted.toBuilder().setVersion(1).build());
        }
        Purpose there = before.get();
        if (there.retired()) {
            // Never the version that it had: what was consented to then stays over.
            return events(wanted.toBuilder().setVersion(there.version() + 1).build());
        }
        return sameDescription && isSame(there, wanted) ? nothing() : reject(ALREADY_DEFINED);
    }

    /** @param wanted without a version */
    static Decision<Message> change(Purposes purposes, PurposeDefined wanted, boolean sameDescription) {
        if (!isWellFormed(wanted)) {
            return reject(PURPOSE);
        }
        Optional<Purpose> before = purposes.find(wanted.getPurpose());
        if (before.isEmpty()) {
            return reject(NO_SUCH_PURPOSE);
        }
        Purpose there = before.get();
        if (there.retired()) {
            return reject(PURPOSE_RETIRED);
        }
        if (sameDescription && isSame(there, wanted)) {
            return nothing();
        }
        boolean means = sameDescription && there.defined().getLegalBasis() == wanted.getLegalBasis();
        return events(wanted.toBuilder()
                .setVersion(means ? there.version() : there.version() + 1)
                .build());
    }

    private static boolean isWellFormed(PurposeDefined purpose) {
        return isList(purpose.getScopesList())
                && Integer.compareUnsigned(purpose.getMaxDays(), MAX_DAYS) <= 0
                && purpose.getLegalBasis() != dev.chancery.schema.consent.v1.LegalBasis.UNRECOGNIZED;
    }

    private static boolean isList(List<String> texts) {
        return !texts.isEmpty() && texts.size() <= MAX_LIST && new HashSet<>(texts).size() == texts.size();
    }

    private static boolean isSame(Purpose there, PurposeDefined wanted) {
        PurposeDefined before = there.defined();
        return before.getLegalBasis() == wanted.getLegalBasis()
                && before.getScopesList().equals(wanted.getScopesList())
                && before.getMaxDays() == wanted.getMaxDays();
    }

    static Decision<Message> retire(Purposes purposes, String name) {
        return purposes.find(name)
                .<Decision<Message>>map(purpose -> purpose.retired()
                        ? nothing()
                        : events(PurposeRetired.newBuilder().setPurpose(name).build()))
                .orElse(reject(NO_SUCH_PURPOSE));
    }

    /** @param wanted without versions */
    static Decision<Message> publish(Purposes purposes, NoticePublished wanted) {
        Optional<Purpose> found = purposes.find(wanted.getPurpose());
        if (found.isEmpty()) {
            return reject(NO_SUCH_PURPOSE);
        }
        Purpose purpose = found.get();
        if (purpose.retired()) {
            return reject(PURPOSE_RETIRED);
        }
        if (!isList(wanted.getRecipientsList()) || !isList(wanted.getDataCategoriesList())) {
            return reject(NOTICE);
        }
        if (purpose.notice().filter(newest -> isSame(newest, wanted)).isPresent()) {
            return nothing();
        }
        return purpose.notices().size() >= MAX_NOTICES
                ? reject(TOO_MANY_NOTICES)
                : events(wanted.toBuilder()
                        .setNoticeVersion(purpose.notices().size() + 1)
                        .setPurposeVersion(purpose.version())
                        .build());
    }

    private static boolean isSame(NoticePublished newest, NoticePublished wanted) {
        return newest.equals(wanted.toBuilder()
                .setNoticeVersion(newest.getNoticeVersion())
                .setPurposeVersion(newest.getPurposeVersion())
                .setPublisherId(newest.getPublisherId())
                .build());
    }
}
