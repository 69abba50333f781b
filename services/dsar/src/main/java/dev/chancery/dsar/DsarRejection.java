package dev.chancery.dsar;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why requests of subjects, and what is about systems, are refused. */
final class DsarRejection {
    static final Rejection NO_SUCH_SUBJECT = new Rejection(
            "dsar.no-such-subject",
            Kind.NOT_FOUND,
            "There is no such principal in this organisation.",
            "Check the subject's id.");

    static final Rejection NOT_THE_SUBJECT = new Rejection(
            "dsar.not-the-subject",
            Kind.FORBIDDEN,
            "The caller is not the subject, and may receive no requests for others.",
            "Leave the subject out to ask for yourself, or have somebody with dsar:receive do it.");

    static final Rejection URL = new Rejection(
            "dsar.url",
            Kind.INVALID,
            "A system is asked over https:// only: what goes there names subjects, and what comes back is their data.",
            "Give it a certificate and an https:// URL. For one on this machine's loopback an operator sets"
                    + " chancery.holders.loopback.");

    static final Rejection REGIME =
            new Rejection("dsar.regime", Kind.INVALID, "There is no such regime.", "Name gdpr, ccpa, lgpd or hipaa.");

    static final Rejection TIME_ZONE = new Rejection(
            "dsar.time-zone",
            Kind.INVALID,
            "There is no such time zone.",
            "Use an IANA name, e.g. Europe/Vienna, or leave it out for UTC.");

    static final Rejection RECEIVED = new Rejection(
            "dsar.received",
            Kind.INVALID,
            "A request was received now or in the last 30 days, as the staff says; one's own is received now.",
            "Correct the time of receipt, or leave it out.");

    static final Rejection KEY = new Rejection(
            "dsar.key",
            Kind.INVALID,
            "Access and portability want the subject's key, an uncompressed point of P-256; other requests have none.",
            "Have the subject make a key pair and send the public key.");

    static final Rejection NO_SUCH_REQUEST = new Rejection(
            "dsar.no-such-request",
            Kind.NOT_FOUND,
            "There is no such request, or the caller may not see it.",
            "List the requests.");

    static final Rejection ENDED =
            new Rejection("dsar.ended", Kind.CONFLICT, "The request was completed or refused.", "Receive another one.");

    static final Rejection ONES_OWN = new Rejection(
            "dsar.ones-own",
            Kind.FORBIDDEN,
            "Nobody decides about a request of their own.",
            "Have somebody else do it.");

    static final Rejection FOUR_EYES = new Rejection(
            "dsar.four-eyes",
            Kind.FORBIDDEN,
            "Who received a request for somebody does not verify whose it is.",
            "Have somebody else with dsar:verify do it.");

    static final Rejection EXTENSION = new Rejection(
            "dsar.extension",
            Kind.CONFLICT,
            "The deadline has passed or was extended, or the regime allows no extension.",
            "Answer the request.");

    static final Rejection BEGUN = new Rejection(
            "dsar.begun",
            Kind.CONFLICT,
            "The erasure was asked for already, so the request can't be refused.",
            "Set a hold if the data has to be kept; it keeps what is not destroyed yet.");

    static final Rejection NOT_VERIFIED = new Rejection(
            "dsar.not-verified",
            Kind.CONFLICT,
            "Nobody has verified that the request comes from its subject.",
            "Verify the identity first.");

    static final Rejection BY_ITSELF = new Rejection(
            "dsar.by-itself",
            Kind.CONFLICT,
            "Such a request is completed by what it asks for: access and portability by an export, an erasure by itself.",
            "Export the data, or look at what the erasure waits for.");

    static final Rejection NO_PERSON = new Rejection(
            "dsar.no-person",
            Kind.FORBIDDEN,
            "A decision is reviewed by a person: a user who acts for nobody.",
            "Have a user complete the request.");

    static final Rejection NO_EXPORT = new Rejection(
            "dsar.no-export",
            Kind.CONFLICT,
            "Only what was asked for as access or portability, is verified and not refused, is exported.",
            "Look at the request's kind and state.");

    static final Rejection PENDING = new Rejection(
            "dsar.pending",
            Kind.CONFLICT,
            "Systems have not answered yet.",
            "Look at the request's tasks, and wait, replay what is parked, or ask for a partial export.");

    static final Rejection TOO_LARGE = new Rejection(
            "dsar.too-large",
            Kind.TOO_LARGE,
            "There is more about the subject than one export may have.",
            "Export the organisation's log, and take what is about the subject from there.");

    static final Rejection NOT_COMPLETED = new Rejection(
            "dsar.not-completed",
            Kind.CONFLICT,
            "The request is not completed, so nothing can be proved of it.",
            "Look at what it waits for.");

    static final Rejection NO_SUCH_TASK = new Rejection(
            "dsar.no-such-task", Kind.NOT_FOUND, "The request has no such task.", "Get the request: it has its tasks.");

    static final Rejection NO_SUCH_WORKSPACE = new Rejection(
            "dsar.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Name the workspace whose egress list has the system's host.");

    static final Rejection ACTIONS = new Rejection(
            "dsar.actions",
            Kind.INVALID,
            "A system is asked to export, to erase or both, each named once, and keeps data for at most 36,500 days.",
            "Correct the actions or the days.");

    static final Rejection TOO_MANY = new Rejection(
            "dsar.too-many",
            Kind.CONFLICT,
            "An organisation has at most " + Holders.MAX + " systems.",
            "Remove those that hold no data any more.");

    static final Rejection NO_SUCH_HOLDER =
            new Rejection("dsar.no-such-holder", Kind.NOT_FOUND, "There is no such system.", "List the systems.");

    static final Rejection PAGE = new Rejection(
            "dsar.page",
            Kind.INVALID,
            "A page has 1 to " + RequestList.MAX_SIZE + " requests, and is named by the reply before.",
            "Correct page_size or page.");

    static final List<Rejection> ALL = Rejection.constantsOf(DsarRejection.class);

    private DsarRejection() {}
}
