package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.SourceSignatures;
import dev.chancery.log.ServerInStep;
import dev.chancery.relay.Progress.Mark;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Answers two questions before anything is sent. Is this the PostgreSQL that Kafka was filled from? It may have been restored or failed
 * over. And what does the end of the topic have that {@code relay.progress} doesn't know of? A batch may have arrived whose
 * acknowledgement didn't.
 */
final class Reconciliation {
    private static final Logger LOG = Logger.getLogger(Reconciliation.class);
    private static final int MAX_POLL_RECORDS = 500;
    private static final Duration POLL = Duration.ofMillis(500);
    /** Polls in a row that bring nothing before Kafka counts as unavailable. */
    private static final int MAX_EMPTY_POLLS = 40;

    private final LogTable log;
    private final Progress progress;
    private final RelayOptions options;
    private final SourceSignatures sources;
    private final Set<String> forked = new HashSet<>();
    private long passedOver;

    Reconciliation(LogTable log, Progress progress, RelayOptions options, SourceSignatures sources) {
        this.log = log;
        this.progress = progress;
        this.options = options;
        this.sources = sources;
    }

    /**
     * Refuses a PostgreSQL that isn't the one, or isn't on the timeline, that was last found in step with Kafka.
     *
     * @throws RelayRefused when it is another
     */
    static void checkServer(Database database) {
        switch (ServerInStep.compare(database)) {
            case FIRST, SAME -> {}
            case OTHER_SERVER ->
                throw new RelayRefused(
                        "PostgreSQL is another server than Kafka was filled from: see docs/how-to/repair.md");
            case OTHER_TIMELINE ->
                throw new RelayRefused(
                        "PostgreSQL is on another timeline than Kafka was filled from: see docs/how-to/repair.md");
        }
    }

    /**
     * Compares the end of the topic with the table, byte for byte, and counts as sent what is there already.
     *
     * @return the tenants that have two different records at one position
     * @throws RelayRefused when Kafka has a signed record that the log hasn't
     */
    Set<String> readTail(KafkaClients kafka) {
        List<TopicPartition> partitions = IntStream.range(0, options.partitions())
                .mapToObj(partition -> new TopicPartition(options.topic(), partition))
                .toList();
        try (var consumer = kafka.consumer(Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS))) {
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
            ends.forEach((partition, end) -> consumer.seek(
                    partition, firstUnknown(partition.partition(), begins.getOrDefault(partition, 0L), end)));
            read(consumer, ends);
        }
        if (passedOver > 0) {
            LOG.errorf(
                    "relay: messages that no source of this installation signed were passed over count=%d", passedOver);
        }
        return Set.copyOf(forked);
    }

    /** Where what is known ends: at the last confirmed record, or at the partition's beginning where Kafka lost or deleted that one. */
    private long firstUnknown(int partition, long begin, long end) {
        long next = progress.nextOffset(partition);
        if (begin <= next && next <= end) {
            return next;
        }
        LOG.errorf(
                "relay: Kafka lost records, sending them again partition=%d expected=%d begin=%d end=%d",
                partition, next, begin, end);
        progress.forget(partition);
        return begin;
    }

    private void read(Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        int emptyPolls = 0;
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            var records = consumer.poll(POLL);
            emptyPolls = records.isEmpty() ? emptyPolls + 1 : 0;
            if (emptyPolls > MAX_EMPTY_POLLS) {
                throw new KafkaException("the end of the topic can't be read");
            }
            var byTenant = new HashMap<String, List<ConsumerRecord<byte[], byte[]>>>();
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (isRecord(record)) {
                    byTenant.computeIfAbsent(tenantOf(record), tenant -> new ArrayList<>())
                            .add(record);
                }
            }
            var found = new HashMap<String, Mark>();
            byTenant.forEach((tenant, ofTenant) -> compare(tenant, ofTenant, found));
            progress.advance(found);
        }
    }

    private void compare(String tenant, List<ConsumerRecord<byte[], byte[]>> records, Map<String, Mark> found) {
        Map<Long, byte[]> rows =
                log.at(tenant, records.stream().map(Reconciliation::positionOf).collect(Collectors.toSet()));
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (forked.contains(tenant)) {
                // Behind a fork the two have nothing to do with each other any more.
                break;
            }
            long position = positionOf(record);
            byte[] row = rows.get(position);
            boolean contradicts = contradicts(record, row);
            if (!contradicts && !Arrays.equals(row, record.value())) {
                // It says nothing about any log, and consumers pass over it too.
                passedOver++;
                continue;
            }
            if (row == null) {
                throw new RelayRefused("Kafka is ahead of PostgreSQL: " + tenant + "@" + position + " is in "
                        + record.topic() + " and not in the log, though this installation signed it. Was PostgreSQL"
                        + " restored from a backup? See docs/how-to/repair.md");
            }
            if (contradicts) {
                LOG.errorf(
                        "relay: fork, tenant stopped tenant=%s position=%d partition=%d offset=%d",
                        tenant, position, record.partition(), record.offset());
                log.stop(tenant, position);
                forked.add(tenant);
            } else {
                Mark last = found.get(tenant);
                if (position == (last == null ? progress.of(tenant) : last.position()) + 1) {
                    found.put(tenant, new Mark(position, record.partition(), record.offset()));
                }
            }
        }
        if (forked.contains(tenant)) {
            found.remove(tenant);
        }
    }

    private static String tenantOf(ConsumerRecord<byte[], byte[]> record) {
        return CommittedRecord.tenantOf(record.key()).orElseThrow();
    }

    private boolean contradicts(ConsumerRecord<byte[], byte[]> record, byte @Nullable [] row) {
        try {
            return CommittedRecord.contradicts(record.value(), tenantOf(record), row, sources);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("it was read before", e);
        }
    }

    /** What somebody else put on the topic says nothing about any log, and consumers pass over it too. */
    private boolean isRecord(ConsumerRecord<byte[], byte[]> record) {
        try {
            if (record.value() != null && CommittedRecord.tenantOf(record.key()).isPresent()) {
                if (CommittedRecord.statementOf(record.value()).getOrigin().endsWith("/" + tenantOf(record))) {
                    return true;
                }
            }
        } catch (InvalidProtocolBufferException e) {
            LOG.debugf(e, "relay: unreadable message offset=%d", record.offset());
        }
        passedOver++;
        return false;
    }

    private static long positionOf(ConsumerRecord<byte[], byte[]> record) {
        try {
            return CommittedRecord.statementOf(record.value()).getPosition();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("it was read before", e);
        }
    }
}
