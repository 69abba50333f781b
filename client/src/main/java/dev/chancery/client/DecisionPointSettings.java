package dev.chancery.client;

import java.security.PrivateKey;
import java.time.Duration;

/**
 * Where a decision point finds its instance, and who it is there.
 *
 * @param host of the instance's gRPC
 * @param port of the instance's gRPC
 * @param plaintext without TLS: for a quick start on the same machine, at a loopback address and no other
 * @param issuer the instance's base URL, as its tokens name it
 * @param clientId the service's, {@code <organisation>.<principal>}; it holds {@code access:follow} and no more
 * @param privateKey the service's Ed25519 key
 * @param sensitiveBound how old an answer about a sensitive capability may be; past it, it is refused
 * @param otherBound how old any other answer may be, at least as long; past it, everything is refused
 */
public record DecisionPointSettings(
        String host,
        int port,
        boolean plaintext,
        String issuer,
        String clientId,
        PrivateKey privateKey,
        Duration sensitiveBound,
        Duration otherBound) {
    /** The bound that Chancery publishes for its own decision points, and a follower's way. */
    public static final Duration SENSITIVE_BOUND = Duration.ofSeconds(3);

    /** Long enough for a restart of the instance. */
    public static final Duration OTHER_BOUND = Duration.ofMinutes(1);

    public DecisionPointSettings {
        if (plaintext && !SecretReaderSettings.isLoopback(host)) {
            throw new IllegalArgumentException(
                    "who may do what would travel in clear from " + host + ", which is not this machine: use TLS");
        }
        if (!clientId.matches("[a-z0-9-]{1,36}\\.[a-z0-9-]{1,36}")) {
            throw new IllegalArgumentException("a client id is <organisation>.<principal>");
        }
        if (!issuer.matches("https?://[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,2000}")) {
            throw new IllegalArgumentException("an issuer is the instance's base URL");
        }
        if (otherBound.compareTo(sensitiveBound) < 0) {
            throw new IllegalArgumentException("what isn't sensitive can't be refused sooner than what is");
        }
    }

    /** With TLS and the usual bounds. */
    public static DecisionPointSettings of(
            String host, int port, String issuer, String clientId, PrivateKey privateKey) {
        return new DecisionPointSettings(host, port, false, issuer, clientId, privateKey, SENSITIVE_BOUND, OTHER_BOUND);
    }

    /** The same, without TLS: on this machine only. */
    public DecisionPointSettings withoutTls() {
        return new DecisionPointSettings(host, port, true, issuer, clientId, privateKey, sensitiveBound, otherBound);
    }

    String tenant() {
        return clientId.substring(0, clientId.indexOf('.'));
    }
}
