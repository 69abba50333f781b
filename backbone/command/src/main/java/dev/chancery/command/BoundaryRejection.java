package dev.chancery.command;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why a request is refused before any feature sees it, and what is said when something breaks. */
public final class BoundaryRejection {
    public static final Rejection TOKEN_MISSING = new Rejection(
            "auth.token-missing",
            Kind.UNAUTHENTICATED,
            "This method needs an access token.",
            "Send Authorization: Bearer with a token from POST /oauth/token.");

    public static final Rejection TOKEN_INVALID = new Rejection(
            "auth.token-invalid",
            Kind.UNAUTHENTICATED,
            "The access token is not valid for this instance.",
            "Get a new token from POST /oauth/token of this instance.");

    public static final Rejection TOKEN_EXPIRED = new Rejection(
            "auth.token-expired",
            Kind.UNAUTHENTICATED,
            "The access token has expired.",
            "Get a new token from POST /oauth/token.");

    public static final Rejection SESSION_OVER = new Rejection(
            "auth.session-over",
            Kind.UNAUTHENTICATED,
            "The session that the access token belongs to was ended.",
            "Sign in again.");

    public static final Rejection FORBIDDEN = new Rejection(
            "auth.forbidden",
            Kind.FORBIDDEN,
            "The caller lacks the capability that this method requires.",
            "Ask an administrator for a role that has it. 'chancery contract' lists what each method requires.");

    public static final Rejection BREAK_GLASS_ONLY = new Rejection(
            "auth.break-glass-only",
            Kind.FORBIDDEN,
            "The caller's roles give the capability that this method requires by break-glass only.",
            "Ask for it with RequestElevation.");

    public static final Rejection CONSENT = new Rejection(
            "auth.consent-required",
            Kind.FORBIDDEN,
            "The capability that this method requires takes the consent of whom it is about.",
            "Ask for their consent first.");

    public static final Rejection CONSENT_OF_NOBODY = new Rejection(
            "auth.consent-of-nobody",
            Kind.FORBIDDEN,
            "The capability that this method requires takes the consent of whom it is about, and the request names"
                    + " nobody.",
            "Name whom it is about in subject_id or principal_id. A method without such a field can't be used while its"
                    + " capability takes a consent.");

    public static final Rejection STEP_UP = new Rejection(
            "auth.step-up",
            Kind.UNAUTHENTICATED,
            "This call requires a strong authentication that is more recent.",
            "Sign in again, rather than refresh, and repeat the request with the new token within max_age seconds.");

    public static final Rejection CONTEXT_FIELD = new Rejection(
            "request.context-field",
            Kind.INVALID,
            "A Chancery header, a field or a parameter names a tenant, an organisation, a workspace to act in, or an"
                    + " actor.",
            "Leave it out. The access token says all of that.");

    public static final Rejection UNKNOWN_FIELD = new Rejection(
            "request.unknown-field",
            Kind.INVALID,
            "The request has a field that the method does not know.",
            "Compare your request with the method's request message in the contract.");

    public static final Rejection INVALID_FIELD = new Rejection(
            "request.invalid-field",
            Kind.INVALID,
            "A field of the request is missing or malformed.",
            "Compare the value with the field's declaration in the contract.");

    public static final Rejection MALFORMED = new Rejection(
            "request.malformed",
            Kind.INVALID,
            "The body does not match its media type, or a field has the wrong type.",
            "Send proto3 JSON in UTF-8, each name once.");

    public static final Rejection MALFORMED_HEAD = new Rejection(
            "request.malformed-head",
            Kind.INVALID,
            "The request's line, headers or framing can't be read, or can be read in two ways: a missing, wrong or"
                    + " second Host, a path with a broken escape, a header that is no text, a Transfer-Encoding other than"
                    + " chunked.",
            "Send the request as RFC 9110 and RFC 9112 write it.");

    public static final Rejection KEY_MALFORMED = new Rejection(
            "request.idempotency-key",
            Kind.INVALID,
            "The idempotency key is not 1 to 128 printable ASCII characters.",
            "Use a random UUID for each new command.");

    public static final Rejection REPEATED_HEADER = new Rejection(
            "request.repeated-header",
            Kind.INVALID,
            "A header that must appear once was sent more than once.",
            "Send Authorization, Idempotency-Key, Chancery-Position and Content-Type once.");

    public static final Rejection POSITION_MALFORMED = new Rejection(
            "request.position",
            Kind.INVALID,
            "Chancery-Position is not a position in the log of your organisation.",
            "Send the value exactly as you received it.");

    public static final Rejection MEDIA_TYPE = new Rejection(
            "request.media-type",
            Kind.UNSUPPORTED_MEDIA_TYPE,
            "This path does not accept the body's media type.",
            "Send Content-Type: application/json.");

    public static final Rejection TOO_LARGE =
            new Rejection("request.too-large", Kind.TOO_LARGE, "The request is too large.", "Send at most 64 KiB.");

    public static final Rejection LINE_TOO_LONG = new Rejection(
            "request.line-too-long",
            Kind.LINE_TOO_LONG,
            "The request's path and query are too long.",
            "Send at most 4,096 characters in the request's first line.");

    public static final Rejection HEAD_TOO_LARGE = new Rejection(
            "request.head-too-large",
            Kind.HEAD_TOO_LARGE,
            "The request's headers are too large.",
            "Send at most 16 KiB of headers.");

    public static final Rejection COMPRESSED = new Rejection(
            "request.compressed",
            Kind.UNSUPPORTED_MEDIA_TYPE,
            "Compressed gRPC messages are not taken.",
            "Send grpc-encoding: identity, or leave it out.");

    public static final Rejection LATE = new Rejection(
            "request.late",
            Kind.UNAVAILABLE,
            "The request's body took too long to come; nothing took effect.",
            "Send the request again, with the same idempotency key, and its body at once.");

    public static final Rejection DEADLINE = new Rejection(
            "request.deadline",
            Kind.UNAVAILABLE,
            "The deadline that the call set itself passed before there was an answer; nothing took effect.",
            "Send it again with more time (grpc-timeout).");

    public static final Rejection WRONG_HOST = new Rejection(
            "request.wrong-host",
            Kind.INVALID,
            "The request's Host is not a name of this machine.",
            "A quick start is for its own machine: use the URL that it printed.");

    public static final Rejection NO_SUCH_PATH = new Rejection(
            "request.no-such-path",
            Kind.NOT_FOUND,
            "No endpoint has this path and verb.",
            "chancery contract lists every method with its path.");

    public static final Rejection OTHER_VERB = new Rejection(
            "request.other-verb",
            Kind.OTHER_VERB,
            "The endpoint at this path is not for this verb.",
            "Use a verb that the Allow header names.");

    public static final Rejection NOT_SERVED_HERE = new Rejection(
            "backbone.not-served-here",
            Kind.NOT_FOUND,
            "This process does not serve this method: it runs with another role.",
            "Send it to a process whose role has the method; a gateway routes by the first segment of the path.");

    public static final Rejection POSITION_NOT_REACHED = new Rejection(
            "backbone.position-not-reached",
            Kind.UNAVAILABLE,
            "This read has not caught up with the Chancery-Position that was sent.",
            "Repeat the request after a short wait.");

    public static final Rejection STALE = new Rejection(
            "backbone.decision-stale",
            Kind.UNAVAILABLE,
            "Permissions can't be decided reliably right now, so the call was denied.",
            "Repeat the request after a short wait.");

    public static final Rejection OVERLOADED = new Rejection(
            "backbone.overloaded",
            Kind.UNAVAILABLE,
            "The server is at capacity; this call was not started.",
            "Repeat the request with the same idempotency key after a short wait.");

    public static final Rejection TENANT_OVERLOADED = new Rejection(
            "tenant.too-many-calls",
            Kind.TOO_MANY,
            "This organisation has reached its limit of calls at a time; this call was not started.",
            "Send fewer calls at a time, and send this one again, with the same idempotency key, after a short wait.");

    public static final Rejection RATE_LIMITED = new Rejection(
            "request.rate-limited",
            Kind.TOO_MANY,
            "This caller has sent more requests of this kind than its limit allows; this one was not started.",
            "Send it again, with the same idempotency key, once the seconds that Retry-After or RetryInfo names are over.");

    public static final Rejection UNAVAILABLE = new Rejection(
            "backbone.unavailable",
            Kind.UNAVAILABLE,
            "A part that this method needs can't be reached right now; nothing took effect.",
            "Repeat the request with the same idempotency key after a short wait.");

    public static final Rejection SEALED = new Rejection(
            "backbone.sealed",
            Kind.UNAVAILABLE,
            "This process is sealed: it has no keys and answers nothing but health; nothing took effect.",
            "Repeat the request, with the same idempotency key, once an operator has unsealed it.");

    public static final Rejection ERASED = new Rejection(
            "backbone.erased",
            Kind.CONFLICT,
            "The caller, or whom this is about, was erased: nothing can be sealed to it any more.",
            "Leave it, or take another principal.");

    public static final Rejection INTERNAL = new Rejection(
            "internal.error",
            Kind.INTERNAL,
            "The server failed.",
            "Send it again with the same idempotency key; if it fails again, give the operator the request id.");

    /** All of them. */
    public static final List<Rejection> ALL = Rejection.constantsOf(BoundaryRejection.class);

    private BoundaryRejection() {}
}
