package dev.chancery.feature;

import java.time.Duration;

/**
 * How long sessions last, and how many a principal may have.
 *
 * @param idle after which a session that is not refreshed is over
 * @param lifetime after which it is over in any case
 * @param limit sessions of one principal at a time, at most {@value #MAX_LIMIT}
 * @param atLimit what a sign-in beyond it comes to
 * @param onReuse what ends when a spent refresh token is presented
 * @param keyAge after which the key that signs access tokens is replaced
 */
public record SessionLimits(
        Duration idle, Duration lifetime, int limit, AtLimit atLimit, OnReuse onReuse, Duration keyAge) {
    public static final SessionLimits DEFAULT = new SessionLimits(
            Duration.ofDays(7), Duration.ofDays(30), 10, AtLimit.OLDEST_ENDS, OnReuse.ALL_END, Duration.ofDays(30));

    /** Each is read when one more is opened. */
    public static final int MAX_LIMIT = 50;

    /** What a sign-in beyond the limit comes to. */
    public enum AtLimit {
        OLDEST_ENDS,
        NEW_IS_REFUSED
    }

    /** What ends when a spent refresh token is presented: somebody has a copy. */
    public enum OnReuse {
        SESSION_ENDS,
        /** All that the principal is signed in with. */
        ALL_END
    }

    public SessionLimits {
        if (limit < 1 || limit > MAX_LIMIT || !idle.isPositive() || !lifetime.isPositive() || !keyAge.isPositive()) {
            throw new IllegalArgumentException("a principal has 1 to " + MAX_LIMIT
                    + " sessions, and they last for a while: " + limit + ", " + idle + ", " + lifetime);
        }
    }
}
