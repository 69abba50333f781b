package dev.chancery.feature;

import java.time.Duration;

/** How long a record may be in the log and in no checkpoint before that is something to look at. */
public record CheckpointLimit(Duration staleAfter) {
    public static final CheckpointLimit DEFAULT = new CheckpointLimit(Duration.ofMinutes(1));
}
