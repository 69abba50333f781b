package dev.chancery.projection;

import java.time.Duration;

/**
 * Limits of a {@link ProjectionRunner}.
 *
 * @param member this process's name among those that share the projection. A process that starts again under its name after a crash
 *     has its partitions back at once; with an empty name it waits until the crashed member has timed out
 * @param memberTimeout how long a member that sends nothing keeps its partitions
 * @param partitions of the topic; another number at start is refused, since a tenant's records would lie in two partitions
 * @param gather how long the loop rests after it applied records, so that what arrives meanwhile shares one transaction; it doesn't
 *     rest while it has more to read than it can gather. A record waits twice as long at most, and not at all after a quiet moment or when a
 *     reader in this process waits for it
 * @param maxPollRecords read from Kafka at once
 * @param maxRunRecords of one tenant applied in one transaction
 * @param minBackoff wait before the first retry; each further one doubles it
 * @param maxBackoff longest wait between two retries
 */
public record ProjectionOptions(
        String member,
        Duration memberTimeout,
        int partitions,
        Duration gather,
        int maxPollRecords,
        int maxRunRecords,
        Duration minBackoff,
        Duration maxBackoff) {

    public static ProjectionOptions defaults() {
        return new ProjectionOptions(
                "",
                Duration.ofSeconds(10),
                4,
                Duration.ofMillis(50),
                2_000,
                1_000,
                Duration.ofMillis(100),
                Duration.ofSeconds(10));
    }

    public ProjectionOptions withMember(String name) {
        return new ProjectionOptions(
                name, memberTimeout, partitions, gather, maxPollRecords, maxRunRecords, minBackoff, maxBackoff);
    }

    public ProjectionOptions withGather(Duration time) {
        return new ProjectionOptions(
                member, memberTimeout, partitions, time, maxPollRecords, maxRunRecords, minBackoff, maxBackoff);
    }

    public ProjectionOptions withPartitions(int count) {
        return new ProjectionOptions(
                member, memberTimeout, count, gather, maxPollRecords, maxRunRecords, minBackoff, maxBackoff);
    }
}
