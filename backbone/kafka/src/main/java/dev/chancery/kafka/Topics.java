package dev.chancery.kafka;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Finds topics, and creates those that are missing. */
public final class Topics implements AutoCloseable {
    /** How long Kafka may take for one answer. */
    private static final Duration ANSWER = Duration.ofSeconds(20);
    /** How long a topic that was created may take until every broker knows it. */
    private static final Duration VISIBLE = Duration.ofSeconds(20);

    private static final long VISIBLE_PAUSE_NANOS = 20_000_000;

    private final Admin admin;

    Topics(Admin admin) {
        this.admin = admin;
    }

    public Optional<TopicDescription> find(String name) {
        try {
            return Optional.ofNullable(
                    KafkaClients.await(admin.describeTopics(List.of(name)).allTopicNames(), ANSWER)
                            .get(name));
        } catch (UnknownTopicOrPartitionException e) {
            return Optional.empty();
        }
    }

    /** Answers the topic of this name, created as wanted where there was none. Another one's settings are not compared: look at the answer. */
    public TopicDescription ensure(NewTopic wanted) {
        Optional<TopicDescription> found = find(wanted.name());
        if (found.isPresent()) {
            return found.get();
        }
        try {
            KafkaClients.await(admin.createTopics(List.of(wanted)).all(), ANSWER);
        } catch (TopicExistsException e) {
            // Another process was faster.
        }
        return awaitVisible(wanted.name());
    }

    /** The first offset of each partition that records can still be read from; above 0 where some were deleted. */
    public Map<Integer, Long> firstOffsets(String name, int partitions) {
        Map<TopicPartition, OffsetSpec> wanted = IntStream.range(0, partitions)
                .boxed()
                .collect(Collectors.toMap(
                        partition -> new TopicPartition(name, partition), partition -> OffsetSpec.earliest()));
        Map<Integer, Long> first = new TreeMap<>();
        KafkaClients.await(admin.listOffsets(wanted).all(), ANSWER)
                .forEach((partition, found) -> first.put(partition.partition(), found.offset()));
        return first;
    }

    /** How large a message the topic takes, as its own or the broker's configuration says. */
    public int maxMessageBytes(String name) {
        var topic = new ConfigResource(ConfigResource.Type.TOPIC, name);
        Map<ConfigResource, Config> configs =
                KafkaClients.await(admin.describeConfigs(List.of(topic)).all(), ANSWER);
        Config config = Objects.requireNonNull(configs.get(topic));
        return Integer.parseInt(config.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value());
    }

    /** Deletes a topic, if there is one, with everything in it. Returns when it is gone. */
    public void delete(String name) {
        try {
            KafkaClients.await(admin.deleteTopics(List.of(name)).all(), ANSWER);
        } catch (UnknownTopicOrPartitionException e) {
            return;
        }
        long deadline = System.nanoTime() + VISIBLE.toNanos();
        while (find(name).isPresent()) {
            if (System.nanoTime() > deadline) {
                throw new KafkaException("The topic " + name + " was deleted, but Kafka still shows it");
            }
            LockSupport.parkNanos(VISIBLE_PAUSE_NANOS);
        }
    }

    private TopicDescription awaitVisible(String name) {
        long deadline = System.nanoTime() + VISIBLE.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<TopicDescription> found = find(name);
            if (found.isPresent()) {
                return found.get();
            }
            LockSupport.parkNanos(VISIBLE_PAUSE_NANOS);
        }
        throw new KafkaException("The topic " + name + " was created, but Kafka doesn't show it");
    }

    @Override
    public void close() {
        admin.close();
    }
}
