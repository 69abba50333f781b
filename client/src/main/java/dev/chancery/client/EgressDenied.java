package dev.chancery.client;

import java.io.IOException;

/** A request that was not sent, since the workspace's list does not allow it. The message says host, code and what to do. */
public final class EgressDenied extends IOException {
    private static final long serialVersionUID = 1L;

    /** The workspace may not reach the host: the code of Chancery's {@code Evaluate} and proxy. */
    public static final String DENIED = "egress.denied";

    /** The list is not known, or not fresh, so nothing is allowed. */
    public static final String STALE = "egress.stale";

    private final String host;
    private final String code;
    private final String reason;

    private EgressDenied(String host, String code, String reason, String hint) {
        super(code + ": " + (host.isEmpty() ? "a URL without a host that can be read" : host) + " (" + reason + "). "
                + hint);
        this.host = host;
        this.code = code;
        this.reason = reason;
    }

    static EgressDenied because(String host, String reason) {
        return new EgressDenied(
                host,
                DENIED,
                reason,
                "Have the host added to the workspace's list in Chancery, or ask for an override.");
    }

    static EgressDenied stale(String host) {
        return new EgressDenied(
                host, STALE, "policy-stale", "Chancery was not heard for too long: see EgressGuard.trouble().");
    }

    /** Whom the request would have reached; empty where the URL has no host that can be read. */
    public String host() {
        return host;
    }

    /** {@link #DENIED} or {@link #STALE}. */
    public String code() {
        return code;
    }

    /** Why, as {@code Evaluate} says it, or {@code policy-stale}. */
    public String reason() {
        return reason;
    }
}
