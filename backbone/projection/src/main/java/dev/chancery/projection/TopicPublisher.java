package dev.chancery.projection;

import dev.chancery.kafka.KafkaClients;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;

/**
 * Publishes to a topic of one partition that keeps for ever, e.g. {@code ledger.checkpoints.v1}. A value that {@link #publish}
 * returned for is on every in-sync replica, after all values it returned for before; one that it threw for may be there too.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #DELIVERY} for each value and for the topic's creation.
 */
public final class TopicPublisher implements AutoCloseable {
    /** How long a value may take, retries included, until it is given up. */
    public static final Duration DELIVERY = Duration.ofSeconds(10);

    private final String topic;
    private final Producer<byte[], byte[]> producer;

    /**
     * Creates the topic where it is missing.
     *
     * @param kafka how to reach Kafka: {@code bootstrap.servers} and security
     * @throws KafkaException when the topic could not be made, or has more than one partition
     */
    public TopicPublisher(Properties kafka, String topic) {
        this.topic = topic;
        var clients = new KafkaClients(kafka);
        requireOnePartition(clients, topic);
        producer = clients.producer(DELIVERY, Map.of());
    }

    /**
     * Returns when the value is safe.
     *
     * @throws KafkaException when the value was not acknowledged in time
     */
    public void publish(String key, byte[] value) {
        var record = new ProducerRecord<>(topic, 0, key.getBytes(StandardCharsets.UTF_8), value);
        KafkaClients.await(producer.send(record), DELIVERY.multipliedBy(2));
    }

    /**
     * Reads a topic of one partition from its beginning to its end.
     *
     * @return false where there is no such topic
     */
    public static boolean read(Properties kafka, String topic, java.util.function.Consumer<byte[]> each) {
        var clients = new KafkaClients(kafka);
        try (var topics = clients.topics()) {
            if (topics.find(topic).isEmpty()) {
                return false;
            }
        }
        try (var consumer = clients.consumer(Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"))) {
            var ends = consumer.endOffsets(List.of(new TopicPartition(topic, 0)));
            KafkaClients.readUpTo(
                    consumer,
                    ends,
                    messages -> messages.forEach(message -> {
                        if (message.value() != null) {
                            each.accept(message.value());
                        }
                    }));
        }
        return true;
    }

    @Override
    public void close() {
        producer.close(DELIVERY);
    }

    private static void requireOnePartition(KafkaClients kafka, String topic) {
        var wanted = new NewTopic(topic, Optional.of(1), Optional.empty())
                .configs(Map.of(
                        TopicConfig.RETENTION_MS_CONFIG, "-1",
                        TopicConfig.RETENTION_BYTES_CONFIG, "-1",
                        TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE));
        try (var topics = kafka.topics()) {
            if (topics.ensure(wanted).partitions().size() != 1) {
                throw new KafkaException(
                        "the topic " + topic + " must have one partition, or its values have no order");
            }
        }
    }
}
