package dev.chancery.feature;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How notices to people go out. Without a channel none does, and they are listed all the same.
 *
 * @param attempts after so many it is parked
 * @param firstRetry after the first attempt that failed; each further one doubles it, up to {@link #MAX_RETRY}
 */
public record NoticeOptions(Optional<Smtp> smtp, Optional<Webhook> webhook, int attempts, Duration firstRetry) {
    /** The longest wait between two attempts. */
    public static final Duration MAX_RETRY = Duration.ofHours(1);

    public static final NoticeOptions NONE =
            new NoticeOptions(Optional.empty(), Optional.empty(), 8, Duration.ofSeconds(30));

    /** How the connection to the mail server is protected. */
    public enum Security {
        /** TLS from the first byte. */
        TLS,
        STARTTLS,
        /** Not at all: for a server on this machine. */
        NONE
    }

    /**
     * @param caFile PEM certificates that the server's is checked against; empty: the system's
     * @param user empty: it doesn't sign in
     */
    public record Smtp(
            String host,
            int port,
            Security security,
            Optional<Path> caFile,
            Optional<String> user,
            Optional<Path> passwordFile,
            String from) {}

    /**
     * @param secretFile the key that requests are signed with, base64, after an optional {@code whsec_}
     * @param allowedHosts patterns of the egress lists; the URL's host has to match one
     */
    public record Webhook(URI url, Path secretFile, List<String> allowedHosts) {
        public Webhook {
            allowedHosts = List.copyOf(allowedHosts);
        }
    }

    public NoticeOptions {
        if (attempts < 1 || !firstRetry.isPositive()) {
            throw new IllegalArgumentException("a notice is tried at least once, and again after a while");
        }
    }
}
