package dev.chancery.client;

import java.security.PrivateKey;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * Where a reader of secrets finds its instance, and who it is there.
 *
 * @param host of the instance's gRPC
 * @param port of the instance's gRPC
 * @param plaintext without TLS: for a quick start on the same machine, at a loopback address and no other
 * @param issuer the instance's base URL, as its tokens name it
 * @param clientId the service's, {@code <organisation>.<principal>}; it holds {@code secret:read} and is on the lists of what it reads
 * @param privateKey the service's Ed25519 key
 * @param environment the only one whose secrets are asked for; empty: any
 * @param kept for how long a value is used before it is read again
 * @param unheard for how long after it was read a value goes on while the instance isn't heard
 */
public record SecretReaderSettings(
        String host,
        int port,
        boolean plaintext,
        String issuer,
        String clientId,
        PrivateKey privateKey,
        String environment,
        Duration kept,
        Duration unheard) {
    /** The usual ones. */
    public static final Duration KEPT = Duration.ofSeconds(30);

    public static final Duration UNHEARD = Duration.ofMinutes(5);

    private static final Pattern LOOPBACK =
            Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|::1|\\[::1\\]", Pattern.CASE_INSENSITIVE);

    public SecretReaderSettings {
        if (plaintext && !isLoopback(host)) {
            throw new IllegalArgumentException(
                    "secrets would travel in clear to " + host + ", which is not this machine: use https, with TLS");
        }
    }

    /** By how it is written: a name that is looked up could lead anywhere. */
    static boolean isLoopback(String host) {
        return LOOPBACK.matcher(host).matches();
    }
}
