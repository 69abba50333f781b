package dev.chancery.relay;

import java.time.Duration;

/**
 * Limits and names of a {@link Relay}.
 *
 * @param topic of the log
 * @param partitions of the topic; a topic with another number is refused, since a tenant's records would lie in two
 * @param replicationFactor of the topic when it is created; -1: the broker's default
 * @param slot name of the replication slot, unique in the PostgreSQL server
 * @param maxBatchRecords sent before their acknowledgements are awaited
 * @param maxBatchBytes read from the table before they are sent; one record may exceed it
 * @param deliveryTimeout how long Kafka may take to acknowledge before the batch fails
 * @param tick between two looks for requests to republish and for tenants that lag although no row woke the relay
 * @param pulseTopic of the pulses, one partition
 * @param captureBatchSize changes that Debezium hands over at a time. A waiting hand-over is woken by a full batch: with 1, by the first
 *     change; with more, a single change waits for {@code capturePollInterval}
 * @param captureQueueSize changes that Debezium holds until they are handed over; more than a batch
 * @param capturePollInterval how long Debezium's reader rests when PostgreSQL has sent nothing: what a commit on an idle instance may
 *     wait, against processor time while idle
 * @param pulse between two pulses; also what makes an idle slot let go of the write-ahead log
 * @param minBackoff wait before the first restart after a failure; each further one doubles it
 * @param maxBackoff longest wait between two restarts
 */
public record RelayOptions(
        String topic,
        int partitions,
        short replicationFactor,
        String slot,
        int maxBatchRecords,
        int maxBatchBytes,
        Duration deliveryTimeout,
        Duration tick,
        int captureBatchSize,
        int captureQueueSize,
        Duration capturePollInterval,
        String pulseTopic,
        Duration pulse,
        Duration minBackoff,
        Duration maxBackoff) {

    /** Longest name of a slot that PostgreSQL takes. */
    private static final int MAX_SLOT_CHARACTERS = 63;

    public static RelayOptions defaults(String database) {
        String slot = "relay_" + database;
        return new RelayOptions(
                "log.v1",
                4,
                (short) -1,
                slot.substring(0, Math.min(slot.length(), MAX_SLOT_CHARACTERS)),
                2_048,
                8 << 20,
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                1,
                1_024,
                Duration.ofMillis(10),
                "pulse.v1",
                Duration.ofMillis(500),
                Duration.ofMillis(200),
                Duration.ofSeconds(10));
    }

    public RelayOptions withTopic(String name, int count) {
        return new RelayOptions(
                name,
                count,
                replicationFactor,
                slot,
                maxBatchRecords,
                maxBatchBytes,
                deliveryTimeout,
                tick,
                captureBatchSize,
                captureQueueSize,
                capturePollInterval,
                pulseTopic,
                pulse,
                minBackoff,
                maxBackoff);
    }
}
