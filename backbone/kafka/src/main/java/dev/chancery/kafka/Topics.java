package dev.chancery.kafka;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
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
