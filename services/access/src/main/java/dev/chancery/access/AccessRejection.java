package dev.chancery.access;

import dev.chancery.kernel.Rejection;

/** Why access refuses. */
enum AccessRejection implements Rejection {
    SELF_GRANT(
            "access.self-grant",
            Kind.FORBIDDEN,
            "Nobody grants a role to themselves or to whom they act for.",
            "Ask another administrator."),
    SELF_WIDENING(
            "access.self-widening",
            Kind.FORBIDDEN,
            "Nobody adds what they don't hold to a role that they, or whom they act for, hold.",
            "Ask another administrator, or define another role."),
    NOT_HELD(
            "access.not-held",
            Kind.FORBIDDEN,
            "The role has a capability that the granter does not hold there for that long, and may not delegate.",
            "Grant less, or ask somebody who holds it or who holds role:delegate."),
    SELF_REVOKE(
            "access.last-grant",
            Kind.FORBIDDEN,
            "The first administrator's own grant is not theirs to end.",
            "Another administrator can end it."),
    NO_SUCH_PRINCIPAL(
            "access.no-such-principal",
            Kind.NOT_FOUND,
            "There is no such active principal in this organisation.",
            "Check the id."),
    NO_SUCH_ROLE(
            "access.no-such-role",
            Kind.NOT_FOUND,
            "There is no such role in this organisation.",
            "Define it first, or check the name."),
    NO_SUCH_WORKSPACE(
            "access.no-such-workspace",
            Kind.NOT_FOUND,
            "There is no such workspace in this organisation.",
            "Check the id."),
    NO_SUCH_ASSIGNMENT(
            "access.no-such-assignment",
            Kind.NOT_FOUND,
            "The principal holds no such assignment.",
            "List the principal's assignments."),
    NO_SUCH_CAPABILITY(
            "access.no-such-capability",
            Kind.NOT_FOUND,
            "The role names a capability that is not defined.",
            "Define the capability first."),
    RESERVED_ROLE(
            "access.reserved-role",
            Kind.CONFLICT,
            "The built-in roles are not the organisation's to change.",
            "Use another name."),
    RESERVED_CAPABILITY(
            "access.reserved-capability",
            Kind.CONFLICT,
            "The capability is part of the contract.",
            "Use another name, or the capability as it is."),
    ALREADY_OVER(
            "access.already-over",
            Kind.INVALID,
            "The assignment would end before it begins.",
            "Send a time in the future, or 0 for one without end."),
    TOO_MANY(
            "access.too-many",
            Kind.CONFLICT,
            "The organisation or the principal has as many of these as it can have.",
            "Retire or revoke some that are not used.");

    private final String code;
    private final Kind kind;
    private final String message;
    private final String hint;

    AccessRejection(String code, Kind kind, String message, String hint) {
        this.code = code;
        this.kind = kind;
        this.message = message;
        this.hint = hint;
    }

    @Override
    public String code() {
        return code;
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public String message() {
        return message;
    }

    @Override
    public String hint() {
        return hint;
    }
}
