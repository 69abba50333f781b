package dev.chancery.projection;

import java.time.Duration;

/**
 * Limits of a {@link ProjectionRunner}.
 *
 * @param partitions of the topic; another number at start is refused, since a tenant's records would lie in two partitions
 * @param maxPollRecords read from Kafka at once
 * @param maxRunRecords of one tenant applied in one transaction
 * @param maxAheadRecords of one tenant kept in memory while records before them are missing; what is above is read again
 * @param minBackoff wait before the first retry; each further one doubles it
 * @param maxBackoff longest wait between two retries
 */
public record ProjectionOptions(
        int partitions,
        int maxPollRecords,
        int maxRunRecords,
        int maxAheadRecords,
        Duration minBackoff,
        Duration maxBackoff) {

    public static ProjectionOptions defaults() {
        return new ProjectionOptions(4, 2_000, 1_000, 2_000, Duration.ofMillis(100), Duration.ofSeconds(10));
    }

    public ProjectionOptions withPartitions(int count) {
        return new ProjectionOptions(count, maxPollRecords, maxRunRecords, maxAheadRecords, minBackoff, maxBackoff);
    }
}
