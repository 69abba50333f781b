package dev.chancery.feature;

import java.time.Duration;

/**
 * Within what time after the destruction of a subject's keys the keys above them are destroyed too, so that no older copy opens anything.
 *
 * @param horizon at least a second; half of it is waited, so that many destructions share one renewal of the keys above
 */
public record ErasureHorizon(Duration horizon) {
    public static final ErasureHorizon DEFAULT = new ErasureHorizon(Duration.ofHours(24));

    public ErasureHorizon {
        if (horizon.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("the horizon of an erasure is at least a second: PT1S");
        }
    }
}
