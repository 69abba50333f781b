package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.SourceSignatures;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.log.LogImport;
import dev.chancery.schema.log.v1.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Brings the records that the log's topic has and a restored PostgreSQL lacks back into it. Only what a source of this installation has signed is
 * taken, at the place that it was signed for. The relay must not run meanwhile, and nothing may append.
 */
public final class TailImport {
    private final Database database;
    private final Connection superuser;
    private final KafkaClients kafka;
    private final RelayOptions options;
    private final SourceSignatures sources;
    private final LogImport log;
    private final List<String> problems = new ArrayList<>();
    private long newestMicros;

    /**
     * @param superuser to the same database, with auto-commit on
     * @param kafka the clients' configuration of a user who may read the topic
     */
    public TailImport(Database database, Connection superuser, Map<?, ?> kafka, RelayOptions options) {
        this.database = database;
        this.superuser = superuser;
        this.kafka = new KafkaClients(kafka);
        this.options = options;
        this.sources = new SourceSignatures(new VerifierKeys(database, DatabaseRole.RELAY));
        this.log = new LogImport(superuser);
    }

    /**
     * Imports all there is. What was taken is committed batch by batch: after a crash, it goes on where it was.
     *
     * @return why a log has not all that the topic has of it, a line each; empty: nothing is missing
     * @throws RelayRefused if the topic is not the one that this PostgreSQL's records went to
     */
    public List<String> run() throws SQLException {
        requireTopic();
        superuser.setAutoCommit(false);
        try {
            read();
        } finally {
            superuser.rollback();
            superuser.setAutoCommit(true);
        }
        return List.copyOf(problems);
    }

    /** When the newest genuine record that was read was recorded; empty: the topic has none that is newer than what this database sent to it. */
    public Optional<Instant> newest() {
        return newestMicros == 0 ? Optional.empty() : Optional.of(Instant.EPOCH.plus(newestMicros, ChronoUnit.MICROS));
    }

    private void read() {
        List<TopicPartition> partitions = IntStream.range(0, options.partitions())
                .mapToObj(partition -> new TopicPartition(options.topic(), partition))
                .toList();
        try (var consumer = kafka.consumer(Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"))) {
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Progress known = Progress.load(database);
            // What comes before was acknowledged, so this database had it first.
            Map<TopicPartition, Long> begins = ends.keySet().stream()
                    .collect(Collectors.toMap(
                            partition -> partition, partition -> known.nextOffset(partition.partition())));
            begins.forEach((partition, begin) -> {
                long end = ends.getOrDefault(partition, 0L);
                if (end < begin) {
                    problems.add(options.topic() + " partition " + partition.partition() + " ends before the backup: "
                            + end);
                }
            });
            KafkaClients.readBetween(consumer, begins, ends, this::batch);
        }
    }

    private void requireTopic() {
        try (var topics = kafka.topics()) {
            String found = topics.find(options.topic())
                    .map(topic -> topic.topicId().toString())
                    .orElse("");
            if (!Topic.knownId(database, options.topic()).orElse("").equals(found)) {
                throw new RelayRefused("The Kafka given has another topic " + options.topic()
                        + " than the one that the records of this backup went to");
            }
        }
    }

    private void batch(Iterable<ConsumerRecord<byte[], byte[]>> messages) {
        sources.arrived();
        try {
            for (ConsumerRecord<byte[], byte[]> message : messages) {
                take(message);
            }
            superuser.commit();
        } catch (SQLException e) {
            throw new IllegalStateException("the log takes no records: SQLSTATE " + e.getSQLState(), e);
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> message) throws SQLException {
        String tenant = CommittedRecord.tenantOf(message.key()).orElse("");
        if (tenant.isEmpty() || message.value() == null) {
            return;
        }
        Statement statement;
        byte[] entry;
        try {
            entry = CommittedRecord.entryOf(message.value());
            statement = CommittedRecord.statementOf(message.value());
        } catch (InvalidProtocolBufferException e) {
            // Somebody's message: it says nothing about any log.
            return;
        }
        if (!statement.getOrigin().endsWith("/" + tenant)) {
            return;
        }
        long position = statement.getPosition();
        if (!sources.signed(entry, statement)) {
            if (position >= log.nextPosition(tenant)) {
                problems.add(tenant + "@" + position + ": no key of this backup has signed it");
            }
            return;
        }
        newestMicros = Math.max(newestMicros, statement.getRecordedAtMicros());
        switch (log.take(tenant, message.value())) {
            case TAKEN, KNOWN -> {}
            case CONTRADICTS -> problems.add(tenant + "@" + position + ": the backup has another record there");
            case AFTER_A_GAP -> problems.add(tenant + "@" + position + ": the record before it is missing");
            case BROKEN -> problems.add(tenant + "@" + position + ": its events are not those that were signed");
        }
    }
}
