package dev.chancery.feature;

import java.time.Duration;

/**
 * How systems that hold data of subjects are asked.
 *
 * @param firstRetry after the first failure; doubled after each further one, up to an hour
 * @param attempts until a task is parked
 * @param timeout of one request
 * @param loopback whether a system may be at an address of this machine's loopback, which no egress list can name
 */
public record HolderOptions(Duration firstRetry, int attempts, Duration timeout, boolean loopback) {
    public static final HolderOptions DEFAULT =
            new HolderOptions(Duration.ofSeconds(10), 8, Duration.ofSeconds(10), false);

    /** For one machine: short pauses. */
    public static HolderOptions local(boolean loopback) {
        return new HolderOptions(Duration.ofSeconds(1), 3, Duration.ofSeconds(5), loopback);
    }

    public HolderOptions {
        if (firstRetry.isNegative()
                || firstRetry.isZero()
                || attempts < 1
                || timeout.isNegative()
                || timeout.isZero()) {
            throw new IllegalArgumentException("a system is asked at least once, with pauses and a timeout above 0");
        }
    }
}
