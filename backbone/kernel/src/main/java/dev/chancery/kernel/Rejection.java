package dev.chancery.kernel;

/**
 * A refusal that callers can rely on: a stable code, words for people, no trace of the input. Each feature has one enum of
 * them; the edges map kinds to HTTP and gRPC status, once.
 */
public interface Rejection {
    /** Stable, e.g. {@code access.self-grant}; at most 64 characters. Also the last part of the docsUrl. */
    String code();

    Kind kind();

    /** One sentence: what was refused. Constant. */
    String message();

    /** One sentence: what to do about it. Constant. */
    String hint();

    enum Kind {
        INVALID,
        UNAUTHENTICATED,
        FORBIDDEN,
        NOT_FOUND,
        CONFLICT,
        TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        UNPROCESSABLE,
        /** The caller's own side has too much under way; worth trying again, with the same idempotency key. */
        TOO_MANY,
        /** Worth trying again, with the same idempotency key; nothing took effect. */
        UNAVAILABLE,
        INTERNAL
    }
}
