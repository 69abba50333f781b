package dev.chancery.projection;

import dev.chancery.kafka.KafkaClients;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * Says which logs have moved, as messages for them arrive on the log's topic: a hint that it is worth to look. It looks at keys and
 * at nothing else, so a message that nobody signed is at most a reason to look in vain.
 *
 * <p>It has no consumer group and stores no offset; what arrives while Kafka can't be reached is not heard of. After a failure it tries
 * again, with pauses that grow to ten seconds.
 *
 * <p><b>Thread safety:</b> safe; the listener is called on one thread.
 */
public final class LogFollower implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(LogFollower.class);
    private static final Duration POLL = Duration.ofMillis(200);

    /** Between two rounds that brought something, so that under load a log is looked at some times a second and not for each message. */
    private static final Duration GATHER = Duration.ofMillis(50);

    private static final Duration METADATA = Duration.ofSeconds(2);
    private static final Duration MIN_PAUSE = Duration.ofMillis(500);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(10);

    /** The client itself asks for a topic that is gone, and logs that, no more often than this. */
    private static final Map<String, Object> CONFIGURATION = Map.of(
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            "latest",
            ConsumerConfig.RETRY_BACKOFF_MS_CONFIG,
            MIN_PAUSE.toMillis(),
            ConsumerConfig.RETRY_BACKOFF_MAX_MS_CONFIG,
            MAX_PAUSE.toMillis());

    private final KafkaClients kafka;
    private final String topic;
    private final Consumer<String> moved;
    private final Thread thread;
    private final CountDownLatch closed = new CountDownLatch(1);
    private Duration pause = MIN_PAUSE;

    /** @param moved takes the name of a log that may have moved, once for all messages that arrived together */
    public LogFollower(Properties kafka, String topic, Consumer<String> moved) {
        this.kafka = new KafkaClients(kafka);
        this.topic = topic;
        this.moved = moved;
        this.thread = Thread.ofPlatform().daemon().name("log-follower").unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        boolean failing = false;
        while (closed.getCount() > 0) {
            try (var consumer = kafka.consumer(CONFIGURATION)) {
                follow(consumer);
            } catch (RuntimeException e) {
                if (!failing || pause.equals(MIN_PAUSE)) {
                    LOG.warnf("The log's topic can't be followed, trying on: topic=%s cause=%s", topic, e);
                }
                failing = true;
                rest();
            }
        }
    }

    private void follow(org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic, METADATA).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new KafkaException("the topic does not exist");
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(partition -> consumer.position(partition, METADATA));
        while (closed.getCount() > 0) {
            var polled = consumer.poll(POLL);
            Set<String> tenants = new HashSet<>();
            polled.forEach(message -> LogTopic.tenantOf(message).ifPresent(tenants::add));
            tenants.forEach(moved);
            if (!polled.isEmpty()) {
                pause = MIN_PAUSE;
                await(GATHER);
            } else if (consumer.partitionsFor(topic, METADATA).isEmpty()) {
                // A poll would go on asking for it, without a pause, and log each refusal.
                throw new KafkaException("the topic is gone");
            }
        }
    }

    private void rest() {
        await(pause);
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(MAX_PAUSE) < 0 ? doubled : MAX_PAUSE;
    }

    private void await(Duration time) {
        try {
            closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join(3_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
