package dev.chancery.elevation;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why break-glass refuses. */
final class ElevationRejection {
    static final Rejection NO_SUCH_ROLE = new Rejection(
            "elevation.no-such-role",
            Kind.NOT_FOUND,
            "There is no such role in this organisation.",
            "Define it first, or check the names of the role and of the approvers' roles.");

    static final Rejection POLICY = new Rejection(
            "elevation.policy",
            Kind.INVALID,
            "A policy has 1 to 1,440 minutes, 1 to 5 groups of 1 to 9 approvers each, every group once, and 1 to 720 hours for a review.",
            "Correct the policy.");

    static final Rejection TOO_MANY_POLICIES = new Rejection(
            "elevation.too-many-policies",
            Kind.CONFLICT,
            "An organisation has at most " + ElevationRules.MAX_POLICIES + " elevation policies.",
            "Remove unused ones.");

    static final Rejection NOT_HELD = new Rejection(
            "elevation.not-held",
            Kind.FORBIDDEN,
            "The role includes a capability that the caller neither holds in the whole organisation and without end nor may delegate.",
            "Ask somebody who holds the capability or role:delegate.");

    static final Rejection NO_POLICY = new Rejection(
            "elevation.no-policy",
            Kind.NOT_FOUND,
            "This role can't be had by break-glass: it has no elevation policy.",
            "List the elevation policies, or ask an administrator to set one.");

    static final Rejection NO_SUCH_WORKSPACE = new Rejection(
            "elevation.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Check the id.");

    static final Rejection TOO_LONG = new Rejection(
            "elevation.too-long",
            Kind.INVALID,
            "The policy of this role does not allow that many minutes.",
            "Ask for fewer minutes; 0 asks for as many as the policy allows.");

    static final Rejection TOO_MANY = new Rejection(
            "elevation.too-many",
            Kind.CONFLICT,
            "A principal has at most " + ElevationRules.MAX_CURRENT + " elevations that are held or wait for approval.",
            "Withdraw or revoke one.");

    static final Rejection NO_EMERGENCY = new Rejection(
            "elevation.no-emergency",
            Kind.FORBIDDEN,
            "The policy of this role allows no emergency, or the caller, or an agent or a user of the caller's, set"
                    + " that policy.",
            "Ask without emergency, and have it approved.");

    static final Rejection REVIEW_OVERDUE = new Rejection(
            "elevation.review-overdue",
            Kind.FORBIDDEN,
            "An emergency elevation of the caller has not been reviewed in time.",
            "Have it reviewed, or ask without emergency.");

    static final Rejection NO_SUCH_ELEVATION = new Rejection(
            "elevation.no-such-elevation",
            Kind.NOT_FOUND,
            "The principal has no such elevation.",
            "List the principal's elevations.");

    static final Rejection NOT_OPEN = new Rejection(
            "elevation.not-open",
            Kind.CONFLICT,
            "The request is granted, denied or lapsed, or its requester is not active any more.",
            "Ask for another elevation.");

    static final Rejection SELF_APPROVAL = new Rejection(
            "elevation.self-approval",
            Kind.FORBIDDEN,
            "Nobody approves or reviews an elevation that they asked for themselves or by another: by an agent that"
                    + " they let act for them, or for somebody whom they act for.",
            "Ask somebody else.");

    static final Rejection NO_SUCH_GROUP = new Rejection(
            "elevation.no-such-group",
            Kind.FORBIDDEN,
            "The request doesn't need that group, or the caller doesn't hold its role there otherwise than by an elevation.",
            "Approve for a group of the request whose role the caller holds.");

    static final Rejection NOT_OVER = new Rejection(
            "elevation.not-over",
            Kind.CONFLICT,
            "An elevation is reviewed once it was held and has ended.",
            "Review it after its end, or revoke it first.");

    static final Rejection PAGE = new Rejection(
            "elevation.page",
            Kind.INVALID,
            "The page token is not valid for this list, or the page size is too large.",
            "Send the previous reply's next_page unchanged, and ask for 1 to 200; 0 asks for 100.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(ElevationRejection.class);

    private ElevationRejection() {}
}
