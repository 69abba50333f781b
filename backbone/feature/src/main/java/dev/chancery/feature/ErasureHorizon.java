package dev.chancery.feature;

import java.time.Duration;

/**
 * How long after the destruction of a subject's keys the keys above them, which were replaced soon after, are destroyed too, so that no older
 * copy opens anything. Until then copies of the key file and of the database go together.
 *
 * @param horizon at least a second; many destructions within an eighth of it share one replacement of the keys above
 */
public record ErasureHorizon(Duration horizon) {
    public static final ErasureHorizon DEFAULT = new ErasureHorizon(Duration.ofHours(24));

    public ErasureHorizon {
        if (horizon.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("the horizon of an erasure is at least a second: PT1S");
        }
    }
}
