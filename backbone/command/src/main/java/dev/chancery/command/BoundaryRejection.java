package dev.chancery.command;

import dev.chancery.kernel.Rejection;

/** Why a request is refused before any feature sees it, and what is said when something breaks. */
public enum BoundaryRejection implements Rejection {
    TOKEN_MISSING(
            "auth.token-missing",
            Kind.UNAUTHENTICATED,
            "This method needs an access token.",
            "Send Authorization: Bearer with a token from POST /oauth/token."),
    TOKEN_INVALID(
            "auth.token-invalid",
            Kind.UNAUTHENTICATED,
            "The access token is not valid here.",
            "Get a new token from POST /oauth/token of this instance."),
    TOKEN_EXPIRED(
            "auth.token-expired",
            Kind.UNAUTHENTICATED,
            "The access token has expired.",
            "Get a new token from POST /oauth/token."),
    FORBIDDEN(
            "auth.forbidden",
            Kind.FORBIDDEN,
            "The caller does not hold the capability that this method asks for.",
            "Ask an administrator for a role that has it; chancery contract lists what each method asks for."),
    STEP_UP(
            "auth.step-up",
            Kind.UNAUTHENTICATED,
            "This method asks for a more recent authentication.",
            "Authenticate again and repeat the request with the new token."),
    CONTEXT_FIELD(
            "request.context-field",
            Kind.INVALID,
            "The request names a tenant, an organisation, an active workspace or an actor.",
            "Leave it out: all of that comes from the access token."),
    UNKNOWN_FIELD(
            "request.unknown-field",
            Kind.INVALID,
            "The request has a field that the method does not have.",
            "Compare with the method's request in the contract."),
    INVALID_FIELD(
            "request.invalid-field",
            Kind.INVALID,
            "A field of the request is missing or malformed.",
            "Compare with the field's declaration in the contract."),
    MALFORMED(
            "request.malformed",
            Kind.INVALID,
            "The body is not what its media type says, or a field has the wrong type.",
            "Send proto3 JSON in UTF-8, each name once."),
    KEY_MALFORMED(
            "request.idempotency-key",
            Kind.INVALID,
            "The idempotency key is not 1 to 128 printable ASCII characters.",
            "Use a random UUID for each new command."),
    REPEATED_HEADER(
            "request.repeated-header",
            Kind.INVALID,
            "A header that has one meaning has two values.",
            "Send Authorization, Idempotency-Key, Chancery-Position and Content-Type once."),
    POSITION_MALFORMED(
            "request.position",
            Kind.INVALID,
            "Chancery-Position is not a position of the caller's log.",
            "Send it as it was received."),
    MEDIA_TYPE(
            "request.media-type",
            Kind.UNSUPPORTED_MEDIA_TYPE,
            "The body's media type is not the one this path takes.",
            "Send Content-Type: application/json."),
    TOO_LARGE(
            "request.too-large",
            Kind.TOO_LARGE,
            "The request is larger than a request may be.",
            "Send at most 64 KiB."),
    NO_SUCH_PATH(
            "request.no-such-path",
            Kind.NOT_FOUND,
            "There is nothing at this path for this verb.",
            "chancery contract lists every method with its path."),
    NOT_SERVED_HERE(
            "backbone.not-served-here",
            Kind.NOT_FOUND,
            "This process does not serve this method: it runs with another role.",
            "Send it to a process whose role has the method; a gateway routes by the first segment of the path."),
    POSITION_NOT_REACHED(
            "backbone.position-not-reached",
            Kind.UNAVAILABLE,
            "What answers this has not yet seen the position that the request carries.",
            "Send it again after a short wait."),
    STALE(
            "backbone.decision-stale",
            Kind.UNAVAILABLE,
            "Who may do what can't be told reliably right now, so nothing is allowed.",
            "Send it again after a short wait."),
    OVERLOADED(
            "backbone.overloaded",
            Kind.UNAVAILABLE,
            "As many calls are being served as can be; this one was not begun.",
            "Send it again, with the same idempotency key, after a short wait."),
    TENANT_OVERLOADED(
            "tenant.too-many-calls",
            Kind.TOO_MANY,
            "This organisation has as many calls under way as it may; this one was not begun.",
            "Have fewer at a time, and send it again, with the same idempotency key, after a short wait."),
    UNAVAILABLE(
            "backbone.unavailable",
            Kind.UNAVAILABLE,
            "Something this method needs can't be reached right now; nothing took effect.",
            "Send it again, with the same idempotency key, after a short wait."),
    INTERNAL(
            "internal.error",
            Kind.INTERNAL,
            "Something went wrong on this side.",
            "Send it again with the same idempotency key; if it stays, tell the operator the request id.");

    private final String code;
    private final Kind kind;
    private final String message;
    private final String hint;

    BoundaryRejection(String code, Kind kind, String message, String hint) {
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
