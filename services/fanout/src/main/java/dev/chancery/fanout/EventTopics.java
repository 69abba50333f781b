package dev.chancery.fanout;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.command.FieldScan;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.redaction.Findings;
import dev.chancery.schema.Contract;
import dev.chancery.schema.EventType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.jboss.logging.Logger;

/**
 * The topics {@code <feature>.events.v1}, and {@code fanout.positions.v1}, which says up to which position of each log each of them is
 * complete. Events and positions are written in one Kafka transaction, so that a reader of committed messages has each event once, in the
 * log's order.
 *
 * <p>A partition of the log has one writer, by transactional id: a new one fences the one before it, and reads what that one had written.
 * The topics have the log's partitions, and an organisation is in the partition of the same number.
 *
 * <p><b>Thread safety:</b> none; one projection's thread uses it. <b>Limits:</b> {@link #ANSWER} for each answer of Kafka.
 */
final class EventTopics implements Consumer<List<LogRecord>>, AutoCloseable {
    /** Compacted: {@code <topic>/<tenant>} to the last position whose events the topic has, in decimal digits. */
    static final String POSITIONS = "fanout.positions.v1";

    /** Of the writers' transactional ids; the partition follows. */
    static final String TRANSACTIONS = "chancery-fanout-";

    static final Duration ANSWER = Duration.ofSeconds(10);

    /** After which a transaction that a crash left open holds readers up no longer. */
    private static final Duration TRANSACTION = Duration.ofSeconds(20);

    private static final String LOG_TOPIC = "log.v1";
    private static final Logger LOG = Logger.getLogger(EventTopics.class);

    private final KafkaClients kafka;
    private final CloudEventHeaders headers;
    private final Map<String, EventType> events;
    private final FieldScan scan = new FieldScan(Findings.Sink.TOPIC);
    private final Map<Integer, Writer> writers = new HashMap<>();
    private final Set<String> ready = new HashSet<>();
    private int partitions;

    EventTopics(Properties kafka, Contract contract) {
        this.kafka = new KafkaClients(kafka);
        this.headers = new CloudEventHeaders(contract);
        this.events = contract.events();
    }

    static String of(String feature) {
        return feature + ".events.v1";
    }

    /** @param stream e.g. {@code access/role-model} */
    static String ofStream(String stream) {
        return of(stream.substring(0, stream.indexOf('/')));
    }

    static String positionKey(String topic, String tenant) {
        return topic + "/" + tenant;
    }

    /**
     * Returns once the events of these records can be read; those that a topic has already are not sent again.
     *
     * @param run of one tenant, in order
     * @throws KafkaException when they may not be there; then the run is to be sent again
     */
    @Override
    public void accept(List<LogRecord> run) {
        int partition = run.getFirst().partition();
        try {
            Writer writer = writers.get(partition);
            if (writer == null) {
                writer = new Writer(partition);
                writers.put(partition, writer);
            }
            writer.send(run);
        } catch (RuntimeException e) {
            // Whether it was committed is unknown, or another process has the partition: the next one finds out.
            Writer failed = writers.remove(partition);
            if (failed != null) {
                failed.close();
            }
            throw e;
        }
    }

    @Override
    public void close() {
        writers.values().forEach(Writer::close);
        writers.clear();
    }

    /** An event is in the log for good; that its clear fields have what they should not is only for somebody to know. */
    private void look(LogEvent event) {
        EventType type = events.get(event.type());
        if (type == null) {
            return;
        }
        try {
            scan.look(type.prototype().getParserForType().parseFrom(event.body()));
        } catch (InvalidProtocolBufferException e) {
            LOG.debugf("Event not looked at: type=%s cause=%s", event.type(), e);
        }
    }

    private void ensure(String topic) {
        if (ready.contains(topic)) {
            return;
        }
        try (var topics = kafka.topics()) {
            if (partitions == 0) {
                partitions = topics.find(LOG_TOPIC)
                        .orElseThrow(() -> new KafkaException("the topic " + LOG_TOPIC + " is not there"))
                        .partitions()
                        .size();
            }
            Map<String, String> settings = topic.equals(POSITIONS)
                    ? Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT)
                    : Map.of(
                            TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE,
                            TopicConfig.RETENTION_MS_CONFIG, "-1",
                            TopicConfig.RETENTION_BYTES_CONFIG, "-1");
            var wanted = new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(settings);
            int found = topics.ensure(wanted).partitions().size();
            if (found != partitions) {
                throw new KafkaException("the topic " + topic + " has " + found + " partitions, and " + LOG_TOPIC + " "
                        + partitions + ": it must have as many");
            }
        }
        ready.add(topic);
    }

    /** The one writer of a partition. */
    private final class Writer {
        private final int partition;
        private final Producer<byte[], byte[]> producer;
        /** By {@link #positionKey}. */
        private final Map<String, Long> positions;

        Writer(int partition) {
            this.partition = partition;
            ready.clear();
            ensure(POSITIONS);
            producer = kafka.producer(
                    ANSWER,
                    Map.of(
                            ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                            TRANSACTIONS + partition,
                            // A second batch would be ahead of a first one that the end of the transaction before still
                            // holds up.
                            ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                            1,
                            ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                            Math.toIntExact(TRANSACTION.toMillis())));
            try {
                // Ends what a writer before this one had begun, and keeps it from going on.
                producer.initTransactions();
                positions = written();
            } catch (RuntimeException e) {
                producer.close(Duration.ZERO);
                throw e;
            }
        }

        private Map<String, Long> written() {
            var found = new HashMap<String, Long>();
            var from = new TopicPartition(POSITIONS, partition);
            read(kafka, List.of(from), (key, value) -> {
                if (value == null) {
                    found.remove(key);
                } else {
                    found.put(key, Long.parseLong(new String(value, UTF_8)));
                }
            });
            return found;
        }

        void send(List<LogRecord> run) {
            String tenant = run.getFirst().tenant();
            byte[] key = tenant.getBytes(UTF_8);
            var pending = new ArrayList<ProducerRecord<byte[], byte[]>>();
            var reached = new HashMap<String, Long>();
            for (LogRecord record : run) {
                List<LogEvent> events = record.events();
                for (int i = 0; i < events.size(); i++) {
                    LogEvent event = events.get(i);
                    String topic = ofStream(event.stream());
                    String positionKey = positionKey(topic, tenant);
                    if (record.position() > positions.getOrDefault(positionKey, -1L)) {
                        look(event);
                        pending.add(new ProducerRecord<>(
                                topic,
                                partition,
                                event.recordedAtMicros() / 1_000,
                                key,
                                event.body().toByteArray(),
                                headers.of(record, event, i)));
                        reached.put(positionKey, record.position());
                    }
                }
            }
            if (pending.isEmpty()) {
                return;
            }
            pending.stream().map(ProducerRecord::topic).distinct().forEach(EventTopics.this::ensure);
            reached.forEach((positionKey, position) -> pending.add(new ProducerRecord<>(
                    POSITIONS,
                    partition,
                    positionKey.getBytes(UTF_8),
                    Long.toString(position).getBytes(UTF_8))));
            producer.beginTransaction();
            List<Future<RecordMetadata>> sent =
                    pending.stream().map(producer::send).toList();
            producer.flush();
            sent.forEach(answer -> KafkaClients.await(answer, ANSWER));
            producer.commitTransaction();
            positions.putAll(reached);
        }

        void close() {
            producer.close(Duration.ZERO);
        }
    }

    /** Reads partitions from their beginning to their end, committed messages alone. */
    static void read(
            KafkaClients kafka, List<TopicPartition> partitions, java.util.function.BiConsumer<String, byte[]> each) {
        try (var consumer = kafka.consumer(Map.of(
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"))) {
            KafkaClients.readUpTo(
                    consumer,
                    consumer.endOffsets(partitions),
                    messages -> messages.forEach(
                            message -> each.accept(new String(message.key(), UTF_8), message.value())));
        }
    }
}
