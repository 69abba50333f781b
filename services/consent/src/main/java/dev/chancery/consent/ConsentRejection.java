package dev.chancery.consent;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why consent refuses. */
final class ConsentRejection {
    static final Rejection PURPOSE = new Rejection(
            "consent.purpose",
            Kind.INVALID,
            "A purpose has 1 to 50 scopes, each once, and a legal basis; its consents last 1 to 3,650 days, or until they are withdrawn.",
            "Correct the purpose.");

    static final Rejection ALREADY_DEFINED = new Rejection(
            "consent.already-defined",
            Kind.CONFLICT,
            "This purpose is defined already, and otherwise.",
            "Change it, or choose another name.");

    static final Rejection NO_SUCH_PURPOSE = new Rejection(
            "consent.no-such-purpose",
            Kind.NOT_FOUND,
            "There is no such purpose in this organisation.",
            "List the purposes, or define it first.");

    static final Rejection PURPOSE_RETIRED = new Rejection(
            "consent.purpose-retired",
            Kind.CONFLICT,
            "The purpose was retired: nobody consents to it any more.",
            "Define it again, or take another purpose.");

    static final Rejection TOO_MANY_PURPOSES = new Rejection(
            "consent.too-many-purposes",
            Kind.CONFLICT,
            "An organisation has at most " + PurposeRules.MAX_PURPOSES + " purposes, retired ones included.",
            "Define a retired one again, or change one.");

    static final Rejection NOTICE = new Rejection(
            "consent.notice",
            Kind.INVALID,
            "A notice names 1 to 50 recipients and 1 to 50 categories of data, each once.",
            "Correct the notice.");

    static final Rejection TOO_MANY_NOTICES = new Rejection(
            "consent.too-many-notices",
            Kind.CONFLICT,
            "A purpose has at most " + PurposeRules.MAX_NOTICES + " versions of its notice.",
            "Define a new purpose.");

    static final Rejection NO_NOTICE = new Rejection(
            "consent.no-notice",
            Kind.CONFLICT,
            "No notice of the purpose as it is was published, so nobody can know what they consent to.",
            "Have a notice published first.");

    static final Rejection NOTICE_OUTDATED = new Rejection(
            "consent.notice-outdated",
            Kind.CONFLICT,
            "That is not the newest version of the notice.",
            "Show the subject the newest notice, and name its version.");

    static final Rejection NOT_THE_SUBJECT = new Rejection(
            "consent.not-the-subject",
            Kind.FORBIDDEN,
            "Only the subject consents and withdraws, or its recorded guardian or delegate, and neither by somebody who acts for them.",
            "Ask the subject.");

    static final Rejection NO_SUCH_SCOPE = new Rejection(
            "consent.no-such-scope",
            Kind.INVALID,
            "The purpose doesn't have this resource and action among its scopes.",
            "Take one of the purpose's scopes.");

    static final Rejection NO_SUCH_RECIPIENT = new Rejection(
            "consent.no-such-recipient",
            Kind.INVALID,
            "The notice doesn't name this recipient.",
            "Take one of the notice's recipients.");

    static final Rejection UNTIL = new Rejection(
            "consent.until",
            Kind.INVALID,
            "The end lies in the past, or after what the purpose allows.",
            "Give a later or an earlier end; 0 is the latest that the purpose allows.");

    static final Rejection ALREADY_GIVEN = new Rejection(
            "consent.already-given",
            Kind.CONFLICT,
            "The subject consents to this already, with another end.",
            "Renew that consent.");

    static final Rejection TOO_MANY = new Rejection(
            "consent.too-many",
            Kind.CONFLICT,
            "A subject has at most " + ConsentRules.MAX_CONSENTS + " consents that are neither withdrawn nor over.",
            "Withdraw one, or renew one instead.");

    static final Rejection NO_SUCH_CONSENT = new Rejection(
            "consent.no-such-consent", Kind.NOT_FOUND, "There is no such consent of this subject.", "Check both ids.");

    static final Rejection WITHDRAWN = new Rejection(
            "consent.withdrawn", Kind.CONFLICT, "The consent was withdrawn.", "Ask the subject for a new one.");

    static final Rejection NO_SUCH_PRINCIPAL = new Rejection(
            "consent.no-such-principal",
            Kind.NOT_FOUND,
            "There is no such principal in this organisation.",
            "Check the id.");

    static final Rejection NOT_A_USER = new Rejection(
            "consent.not-a-user",
            Kind.INVALID,
            "Only an active user represents a subject, and another one than the subject.",
            "Name a user.");

    static final Rejection OWN_GUARDIAN = new Rejection(
            "consent.own-guardian",
            Kind.FORBIDDEN,
            "Nobody records themself, or whom they act for, as a guardian or as somebody's ward.",
            "Have somebody else record it.");

    static final Rejection IS_GUARDIAN = new Rejection(
            "consent.is-guardian",
            Kind.CONFLICT,
            "They are the subject's guardian, which the subject doesn't change.",
            "Name somebody else.");

    static final Rejection TOO_MANY_REPRESENTATIVES = new Rejection(
            "consent.too-many-representatives",
            Kind.CONFLICT,
            "A subject has at most " + RepresentativeRules.MAX_REPRESENTATIVES + " guardians and delegates.",
            "End one first.");

    static final Rejection NO_SUCH_REPRESENTATIVE = new Rejection(
            "consent.no-such-representative",
            Kind.NOT_FOUND,
            "They are no guardian or delegate of this subject.",
            "Check both ids.");

    static final Rejection NOT_YOURS = new Rejection(
            "consent.not-yours",
            Kind.FORBIDDEN,
            "A delegate is ended by the subject, either kind by itself or by somebody with guardian:record.",
            "Ask one of them.");

    static final Rejection PAGE = new Rejection(
            "consent.page",
            Kind.INVALID,
            "A page has 1 to " + ConsentList.MAX_SIZE + " entries, and is named as the reply before named it.",
            "Ask for the first page, or pass next_page on as it is.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(ConsentRejection.class);

    private ConsentRejection() {}
}
