package dev.chancery.access;

import dev.chancery.decision.Assignments;
import dev.chancery.decision.Memberships;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why access refuses. */
final class AccessRejection {
    static final Rejection SELF_GRANT = new Rejection(
            "access.self-grant",
            Kind.FORBIDDEN,
            "A caller may not grant a role to themselves or to the principal they act for.",
            "Ask another administrator.");

    static final Rejection SELF_WIDENING = new Rejection(
            "access.self-widening",
            Kind.FORBIDDEN,
            "A caller may not widen what they, or the principal they act for, hold themselves.",
            "Ask another administrator, or define another role.");

    static final Rejection NOT_HELD = new Rejection(
            "access.not-held",
            Kind.FORBIDDEN,
            "What is granted or taken includes a capability that the caller neither holds in that scope for that period nor may delegate.",
            "Grant or take less, or ask somebody who holds the capability or role:delegate.");

    static final Rejection LAST_GRANT = new Rejection(
            "access.last-grant",
            Kind.FORBIDDEN,
            "Nobody else holds the built-in role in the whole organisation and without end.",
            "Assign it to another active principal first.");

    static final Rejection NO_SUCH_PRINCIPAL = new Rejection(
            "access.no-such-principal",
            Kind.NOT_FOUND,
            "There is no such active principal in this organisation.",
            "Check the id.");

    static final Rejection NO_SUCH_ROLE = new Rejection(
            "access.no-such-role",
            Kind.NOT_FOUND,
            "There is no such role in this organisation.",
            "Define it first, or check the name.");

    static final Rejection NO_SUCH_WORKSPACE = new Rejection(
            "access.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Check the id.");

    static final Rejection NO_SUCH_ASSIGNMENT = new Rejection(
            "access.no-such-assignment",
            Kind.NOT_FOUND,
            "The principal holds no such assignment.",
            "List the principal's assignments.");

    static final Rejection CONSENT_PURPOSE = new Rejection(
            "access.consent-purpose",
            Kind.INVALID,
            "A capability that takes a consent names the purpose of the consent, and no other capability names one.",
            "Send consent_required and consent_purpose together.");

    static final Rejection NO_SUCH_CAPABILITY = new Rejection(
            "access.no-such-capability",
            Kind.NOT_FOUND,
            "The role names a capability that is not defined.",
            "Define the capability first.");

    static final Rejection RESERVED_ROLE = new Rejection(
            "access.reserved-role",
            Kind.CONFLICT,
            "The organisation can't change a built-in role.",
            "Use another name.");

    static final Rejection RESERVED_CAPABILITY = new Rejection(
            "access.reserved-capability",
            Kind.CONFLICT,
            "The contract already defines this capability.",
            "Use another name, or use the capability as it is.");

    static final Rejection ALREADY_OVER = new Rejection(
            "access.already-over",
            Kind.INVALID,
            "The assignment would end before it begins, or later than a time in microseconds can say.",
            "Send a time in the future and before the year 294247, or 0 for no end.");

    static final Rejection TOO_MANY = new Rejection(
            "access.too-many",
            Kind.CONFLICT,
            "A principal or a group holds at most " + Assignments.MAX_HELD + " assignments, a principal is in at most "
                    + Memberships.MAX_GROUPS + " groups; an organisation defines at most "
                    + RoleModelRules.MAX_CAPABILITIES + " capabilities, " + RoleModelRules.MAX_ROLES + " roles and "
                    + GroupRules.MAX_GROUPS + " groups.",
            "Retire or revoke unused ones.");

    static final Rejection NO_SUCH_GROUP = new Rejection(
            "access.no-such-group",
            Kind.NOT_FOUND,
            "There is no such group in this organisation.",
            "Define it first, or check the name.");

    static final Rejection CAPABILITY_IN_USE = new Rejection(
            "access.capability-in-use",
            Kind.CONFLICT,
            "A role bundles the capability.",
            "Take it out of the roles that bundle it first.");

    static final Rejection TOO_MANY_CHANGES = new Rejection(
            "access.too-many-changes",
            Kind.INVALID,
            "A request makes 1 to " + ModelChanges.MAX_CHANGES
                    + " changes, about as many principals as one record can rest on.",
            "Send fewer in one request.");

    static final Rejection PAGE_SIZE = new Rejection(
            "access.page-size", Kind.INVALID, "The page size is too large.", "Ask for 1 to 200; 0 asks for 100.");

    static final Rejection REASON_OF_ALL = new Rejection(
            "access.reason-of-all",
            Kind.INVALID,
            "A change among several has no reason of its own.",
            "Send the reason once, for the whole request.");

    static final Rejection CHANGE_FORBIDDEN = new Rejection(
            "access.change-forbidden",
            Kind.FORBIDDEN,
            "The caller lacks the capability that one of the changes takes by itself.",
            "Ask an administrator for a role that has it. 'chancery contract' lists what each method requires.");

    static final Rejection NOT_JSON = new Rejection(
            "access.not-json",
            Kind.INVALID,
            "An AuthZEN request is a JSON object, and says so.",
            "Send Content-Type: application/json.");

    static final Rejection TOO_MANY_EVALUATIONS = new Rejection(
            "access.too-many-evaluations",
            Kind.INVALID,
            "A request asks for at most " + AuthZenEndpoint.MAX_EVALUATIONS + " evaluations.",
            "Send the rest in another request.");

    static final Rejection AHEAD = new Rejection(
            "access.ahead",
            Kind.INVALID,
            "The organisation's log ends before this position, or the time is still to come.",
            "Send a position exactly as an answer gave it, or a time that has passed.");

    static final Rejection BEFORE_BEGINNING = new Rejection(
            "access.before-beginning",
            Kind.INVALID,
            "The organisation's log begins later than this time.",
            "Send a later time; position 0 is the first record.");

    static final Rejection PAGE = new Rejection(
            "access.page",
            Kind.INVALID,
            "The page token is not one that the page before gave for this question.",
            "Send the same question with the token as it came, or begin again without one.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(AccessRejection.class);

    private AccessRejection() {}
}
