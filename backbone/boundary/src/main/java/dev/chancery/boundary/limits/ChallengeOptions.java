package dev.chancery.boundary.limits;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * What strangers may solve who have used up a limit, at a provider that speaks siteverify, as hCaptcha, reCAPTCHA and Turnstile do.
 *
 * @param type which widget a page shows, in the page's own words
 * @param siteKey the provider's name for this site; it is public
 * @param secretFile the provider's secret for this site; read for each request
 * @param hostname of the page on which it has to be solved
 * @param timeout for the provider's whole answer
 */
public record ChallengeOptions(
        String type, URI verifyUrl, String siteKey, Path secretFile, String hostname, Duration timeout) {
    /** How long a provider's answer may be waited for: less than half of what a call has. */
    public static final Duration MAX_TIMEOUT = Duration.ofSeconds(4);

    private static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9-]{0,31}");
    private static final Pattern SITE_KEY = Pattern.compile("[A-Za-z0-9_-]{1,128}");
    private static final Pattern HOSTNAME = Pattern.compile("[a-z0-9.-]{1,253}");

    public ChallengeOptions {
        require(TYPE.matcher(type).matches(), "type is 1 to 32 lower-case letters, digits and hyphens");
        require(SITE_KEY.matcher(siteKey).matches(), "site-key is 1 to 128 letters, digits, hyphens and underscores");
        require(HOSTNAME.matcher(hostname).matches(), "hostname is a host's name in lower case");
        require(
                verifyUrl.getHost() != null && verifyUrl.getUserInfo() == null && verifyUrl.getFragment() == null,
                "verify-url is a URL with a host, and without a user or a fragment");
        require(
                timeout.isPositive() && timeout.compareTo(MAX_TIMEOUT) <= 0,
                "timeout is more than none and at most " + MAX_TIMEOUT);
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException("chancery.limits.challenge." + rule);
        }
    }
}
