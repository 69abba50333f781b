package dev.chancery.boundary;

/** What a request may bring. */
public final class RequestLimits {
    /** A request's body, or a gRPC message, at most. */
    public static final int MAX_BODY_BYTES = 64 * 1024;

    private RequestLimits() {}
}
