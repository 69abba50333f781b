package dev.chancery.projection;

import java.time.Duration;

/**
 * Limits of a {@link ProjectionRunner}.
 *
 * @param member this process's name among those that share the projection: started again under it after a crash, it has its
 *     partitions back at once; empty: a new member at each start, which waits until the crashed one has timed out
 * @param memberTimeout how long a member that says nothing keeps its partitions
 * @param partitions of the topic; another number at start is refused, since a tenant's records would lie in two partitions
 * @param fetchMinBytes that Kafka gathers before it answers, for at most {@code fetchMaxWait}
 * @param fetchMaxWait how long a record may wait for others to be applied with
 * @param maxPollRecords read from Kafka at once
 * @param maxRunRecords of one tenant applied in one transaction
 * @param minBackoff wait before the first retry; each further one doubles it
 * @param maxBackoff longest wait between two retries
 */
public record ProjectionOptions(
        String member,
        Duration memberTimeout,
        int partitions,
        int fetchMinBytes,
        Duration fetchMaxWait,
        int maxPollRecords,
        int maxRunRecords,
        Duration minBackoff,
        Duration maxBackoff) {

    public static ProjectionOptions defaults() {
        return new ProjectionOptions(
                "",
                Duration.ofSeconds(10),
                4,
                64 << 10,
                Duration.ofMillis(20),
                2_000,
                1_000,
                Duration.ofMillis(100),
                Duration.ofSeconds(10));
    }

    public ProjectionOptions withMember(String name) {
        return new ProjectionOptions(
                name,
                memberTimeout,
                partitions,
                fetchMinBytes,
                fetchMaxWait,
                maxPollRecords,
                maxRunRecords,
                minBackoff,
                maxBackoff);
    }

    public ProjectionOptions withFetchMaxWait(Duration wait) {
        return new ProjectionOptions(
                member,
                memberTimeout,
                partitions,
                fetchMinBytes,
                wait,
                maxPollRecords,
                maxRunRecords,
                minBackoff,
                maxBackoff);
    }

    public ProjectionOptions withPartitions(int count) {
        return new ProjectionOptions(
                member,
                memberTimeout,
                count,
                fetchMinBytes,
                fetchMaxWait,
                maxPollRecords,
                maxRunRecords,
                minBackoff,
                maxBackoff);
    }
}
