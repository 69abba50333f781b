package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.kafka.Topics;
import dev.chancery.keyring.SourceSignatures;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.log.StoppedLogs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Compares the log's topic with the log, message by message, and makes it anew where they differ: PostgreSQL has everything that was
 * ever acknowledged. The relay must not run meanwhile.
 */
public final class TopicRepair {
    /** Each may name a row of a megabyte, and the rows are read at once. */
    private static final int MAX_POLL_RECORDS = 100;

    private final Database database;
    private final KafkaClients kafka;
    private final RelayOptions options;
    private final LogTable log;
    private final SourceSignatures sources;
    private long contradictions;

    /** @param administrator the clients' configuration of a user who may delete topics */
    public TopicRepair(Database database, Map<?, ?> administrator, RelayOptions options) {
        this.database = database;
        this.kafka = new KafkaClients(administrator);
        this.options = options;
        this.log = new LogTable(database);
        this.sources = new SourceSignatures(new VerifierKeys(database, DatabaseRole.RELAY));
    }

    /**
     * What is wrong with the topic, a line each; empty when it has every record of the log from its beginning, and nothing else.
     *
     * @param foreign takes each message that is in no log
     */
    public List<String> findings(Consumer<ConsumerRecord<byte[], byte[]>> foreign) {
        String name = options.topic();
        var findings = new ArrayList<String>();
        log.stopped().forEach(tenant -> findings.add("log " + tenant + " is stopped"));
        try (var topics = kafka.topics()) {
            Optional<TopicDescription> topic = topics.find(name);
            if (topic.isEmpty()) {
                if (Topic.knownId(database, name).isPresent()) {
                    findings.add(name + " is gone");
                }
                return findings;
            }
            identity(topic.get(), topics, findings);
            if (topic.get().partitions().size() == options.partitions()) {
                contents(foreign, findings);
            }
        } catch (KafkaException e) {
            findings.add(name + " can't be read: " + e.getMessage());
        }
        return findings;
    }

    private void identity(TopicDescription topic, Topics topics, List<String> findings) {
        String name = topic.name();
        Topic.knownId(database, name)
                .filter(known -> !known.equals(topic.topicId().toString()))
                .ifPresent(known -> findings.add(name + " was deleted and created again"));
        int partitions = topic.partitions().size();
        if (partitions != options.partitions()) {
            findings.add(name + " has " + partitions + " partitions, not " + options.partitions());
        }
        topics.firstOffsets(name, partitions).forEach((partition, first) -> {
            if (first > 0) {
                findings.add(name + " partition " + partition + ": everything before offset " + first + " was deleted");
            }
        });
        int room = topics.maxMessageBytes(name);
        if (room < Topic.MAX_MESSAGE_BYTES) {
            findings.add(name + " takes messages of " + room + " bytes at most, not " + Topic.MAX_MESSAGE_BYTES);
        }
    }

    private void contents(Consumer<ConsumerRecord<byte[], byte[]>> foreign, List<String> findings) {
        Map<String, Long> reached = new HashMap<>();
        Map<Integer, Long> strangers = new TreeMap<>();
        contradictions = 0;
        List<TopicPartition> partitions = IntStream.range(0, options.partitions())
                .mapToObj(partition -> new TopicPartition(options.topic(), partition))
                .toList();
        try (var consumer = kafka.consumer(Map.of(
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                MAX_POLL_RECORDS))) {
            KafkaClients.readUpTo(consumer, consumer.endOffsets(partitions), messages -> take(messages, reached)
                    .forEach(message -> {
                        strangers.merge(message.partition(), 1L, Long::sum);
                        foreign.accept(message);
                    }));
        }
        if (contradictions > 0) {
            findings.add(
                    options.topic() + " has records that this installation signed and PostgreSQL lacks, or has another"
                            + " one in place of: " + contradictions);
        }
        strangers.forEach((partition, count) ->
                findings.add(options.topic() + " partition " + partition + ": messages that are in no log: " + count));
        Progress progress = Progress.load(database);
        log.ends().forEach((tenant, last) -> {
            // What was never sent is not missing: the relay sends it.
            long sent = Math.min(last, progress.of(tenant));
            long found = reached.getOrDefault(tenant, -1L);
            if (found < sent) {
                findings.add(options.topic() + " lacks records " + (found + 1) + " to " + sent + " of log " + tenant);
            }
        });
    }

    /** Records, as of the last {@link #findings}, that would be lost with the topic: a source signed them and PostgreSQL hasn't got them. */
    public long contradictions() {
        return contradictions;
    }

    /** Notes how far each log has come without a gap; answers the messages that are no record of their log. */
    private List<ConsumerRecord<byte[], byte[]>> take(
            Iterable<ConsumerRecord<byte[], byte[]>> messages, Map<String, Long> reached) {
        var foreign = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        var positions = new HashMap<ConsumerRecord<byte[], byte[]>, Long>();
        var asked = new HashMap<String, Set<Long>>();
        for (ConsumerRecord<byte[], byte[]> message : messages) {
            positionOf(message).ifPresent(position -> {
                positions.put(message, position);
                asked.computeIfAbsent(tenantOf(message), tenant -> new HashSet<>())
                        .add(position);
            });
        }
        sources.arrived();
        var rows = new HashMap<String, Map<Long, byte[]>>();
        asked.forEach((tenant, wanted) -> rows.put(tenant, log.at(tenant, wanted)));
        for (ConsumerRecord<byte[], byte[]> message : messages) {
            Long position = positions.get(message);
            if (position == null) {
                foreign.add(message);
                continue;
            }
            String tenant = tenantOf(message);
            byte[] row = rows.getOrDefault(tenant, Map.of()).get(position);
            if (!Arrays.equals(row, message.value())) {
                foreign.add(message);
                contradictions += contradicts(message, row) ? 1 : 0;
            } else if (position == reached.getOrDefault(tenant, -1L) + 1) {
                reached.put(tenant, position);
            }
        }
        return foreign;
    }

    private boolean contradicts(ConsumerRecord<byte[], byte[]> message, byte @Nullable [] row) {
        try {
            return CommittedRecord.contradicts(message.value(), tenantOf(message), row, sources);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("it was read before", e);
        }
    }

    /** The place in its log that a message claims, if its form is a record's and it lies in that log's partition. */
    private Optional<Long> positionOf(ConsumerRecord<byte[], byte[]> message) {
        if (message.value() == null
                || CommittedRecord.tenantOf(message.key())
                        .filter(tenant -> Topic.partitionOf(tenant, options.partitions()) == message.partition())
                        .isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(CommittedRecord.statementOf(message.value()).getPosition());
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }

    /** Of a message that has a place. */
    private static String tenantOf(ConsumerRecord<byte[], byte[]> message) {
        return CommittedRecord.tenantOf(message.key()).orElseThrow();
    }

    /** Deletes the topic and forgets that it was there: the next relay makes it and sends every record of every log. */
    public void forget() {
        try (var topics = kafka.topics()) {
            topics.delete(options.topic());
        }
        database.transaction(DatabaseRole.OWNER, connection -> {
            try (var delete = connection.prepareStatement("DELETE FROM relay.topic WHERE name = ?");
                    var rest = connection.createStatement()) {
                delete.setString(1, options.topic());
                delete.executeUpdate();
                return rest.executeUpdate("DELETE FROM relay.progress");
            }
        });
        // Nothing but what is in PostgreSQL will be on the topic: no log is in two versions any more.
        StoppedLogs.goOn(database);
    }
}
