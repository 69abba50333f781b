package dev.chancery.projection;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes to a topic of one partition that keeps for ever, e.g. {@code ledger.checkpoints.v1}. A value that {@link #publish}
 * returned for is on every in-sync replica, after all values it returned for before; one that it threw for may be there too.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #DELIVERY} for each value and for the topic's creation.
 */
public final class TopicPublisher implements AutoCloseable {
    /** How long a value may take, retries included, until it is given up. */
    public static final Duration DELIVERY = Duration.ofSeconds(10);

    private static final Duration REQUEST = Duration.ofSeconds(5);

    private final String topic;
    private final KafkaProducer<String, byte[]> producer;

    /**
     * Creates the topic where it is missing.
     *
     * @param kafka how to reach Kafka: {@code bootstrap.servers} and security
     * @throws KafkaException when the topic could not be made, or has more than one partition
     */
    public TopicPublisher(Properties kafka, String topic) {
        this.topic = topic;
        requireOnePartition(kafka, topic);
        var settings = new Properties();
        settings.putAll(kafka);
        settings.putAll(Map.of(
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.LINGER_MS_CONFIG,
                0,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                REQUEST.toMillis(),
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                (int) REQUEST.toMillis(),
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                (int) DELIVERY.toMillis()));
        producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    }

    /**
     * Returns when the value is safe.
     *
     * @throws KafkaException when the value was not acknowledged in time
     */
    public void publish(String key, byte[] value) {
        await(producer.send(new ProducerRecord<>(topic, 0, key, value)));
    }

    @Override
    public void close() {
        producer.close(DELIVERY);
    }

    private static void requireOnePartition(Properties kafka, String topic) {
        try (Admin admin = Admin.create(kafka)) {
            var wanted = new NewTopic(topic, Optional.of(1), Optional.empty())
                    .configs(Map.of(
                            TopicConfig.RETENTION_MS_CONFIG, "-1",
                            TopicConfig.RETENTION_BYTES_CONFIG, "-1",
                            TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE));
            var created = admin.createTopics(List.of(wanted));
            try {
                if (await(created.numPartitions(topic)) == 1) {
                    return;
                }
            } catch (TopicExistsException e) {
                var described = await(admin.describeTopics(List.of(topic)).allTopicNames());
                if (described.values().stream()
                        .allMatch(found -> found.partitions().size() == 1)) {
                    return;
                }
            }
            throw new KafkaException("the topic " + topic + " must have one partition, or its values have no order");
        }
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.get(2 * DELIVERY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        } catch (TimeoutException e) {
            throw new KafkaException("Kafka did not answer in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
    }
}
