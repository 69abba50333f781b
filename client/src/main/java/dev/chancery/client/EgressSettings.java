package dev.chancery.client;

import java.security.PrivateKey;
import java.time.Duration;

/**
 * Where an egress guard finds its instance, who it is there, and whose list it keeps.
 *
 * @param host of the instance's gRPC
 * @param port of the instance's gRPC
 * @param plaintext without TLS: for a quick start on the same machine, at a loopback address and no other
 * @param issuer the instance's base URL, as its tokens name it
 * @param clientId the service's, {@code <organisation>.<principal>}; it holds {@code egress:read} in the workspace
 * @param privateKey the service's Ed25519 key
 * @param workspaceId the workspace whose list decides
 * @param bound how long after the instance was last heard the list still decides; past it, everything is denied
 */
public record EgressSettings(
        String host,
        int port,
        boolean plaintext,
        String issuer,
        String clientId,
        PrivateKey privateKey,
        String workspaceId,
        Duration bound) {
    /** The usual one: as long as Chancery's own decision points go on without hearing from the log. */
    public static final Duration BOUND = DecisionPointSettings.SENSITIVE_BOUND;

    public EgressSettings {
        if (plaintext && !SecretReaderSettings.isLoopback(host)) {
            throw new IllegalArgumentException(
                    "the list would travel in clear from " + host + ", which is not this machine: use TLS");
        }
        if (bound.isNegative() || bound.isZero()) {
            throw new IllegalArgumentException("the bound is longer than nothing");
        }
    }
}
