package dev.chancery.projection;

import dev.chancery.kafka.KafkaClients;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;

/** Reads the log's topic: its consumers, its partitions, and the form of its messages. */
final class LogTopic {
    private static final Pattern TENANT = Pattern.compile("[a-z0-9-]{1,36}");
    /** As Kafka advises. */
    private static final int HEARTBEATS_A_TIMEOUT = 3;

    private final KafkaClients kafka;
    private final String name;
    private final ProjectionOptions options;

    LogTopic(KafkaClients kafka, String name, ProjectionOptions options) {
        this.kafka = kafka;
        this.name = name;
        this.options = options;
    }

    String name() {
        return name;
    }

    /** @param group the consumer group to join; empty to read alone */
    Consumer<byte[], byte[]> consumer(Optional<String> group) {
        var configuration = new HashMap<String, Object>();
        group.ifPresent(id -> join(configuration, id));
        configuration.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        configuration.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, options.maxPollRecords());
        return kafka.consumer(configuration);
    }

    private void join(Map<String, Object> configuration, String group) {
        int timeoutMillis = Math.toIntExact(options.memberTimeout().toMillis());
        configuration.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        configuration.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, timeoutMillis);
        configuration.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, timeoutMillis / HEARTBEATS_A_TIMEOUT);
        if (!options.member().isEmpty()) {
            configuration.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, options.member());
        }
    }

    /**
     * Checks the number of partitions: with another one, a tenant's records would lie in two.
     *
     * @return false when the topic does not exist yet
     * @throws IllegalStateException when it has another number
     */
    boolean check(Consumer<byte[], byte[]> consumer) {
        int found = consumer.partitionsFor(name).size();
        if (found != 0 && found != options.partitions()) {
            throw new IllegalStateException(
                    "The topic " + name + " has " + found + " partitions, not " + options.partitions());
        }
        return found != 0;
    }

    /** The partition that Kafka's own partitioner chooses for the key: murmur2. */
    int partitionOf(String tenant) {
        return Utils.toPositive(Utils.murmur2(tenant.getBytes(StandardCharsets.UTF_8))) % options.partitions();
    }

    /** The log that a message belongs to; empty where the key can't be one's name. */
    static Optional<String> tenantOf(ConsumerRecord<byte[], byte[]> message) {
        if (message.key() == null) {
            return Optional.empty();
        }
        String key = new String(message.key(), StandardCharsets.UTF_8);
        return TENANT.matcher(key).matches() ? Optional.of(key) : Optional.empty();
    }

    List<TopicPartition> partitions() {
        return java.util.stream.IntStream.range(0, options.partitions())
                .mapToObj(partition -> new TopicPartition(name, partition))
                .toList();
    }
}
