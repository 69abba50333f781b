package dev.chancery.projection;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;

/**
 * Hands every record that arrives from now on to one listener, in memory: no group, no offsets. For what keeps its state in the
 * process and can load it anew.
 */
public final class LogFollower implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(LogFollower.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration METADATA = Duration.ofSeconds(2);

    /** How long the log may go unheard before this is not healthy. */
    private static final long FRESH_MILLIS = 5_000;

    private final Properties kafka;
    private final String topic;
    private final Consumer<LogRecord> listener;
    private final Runnable startedOver;
    private final Thread thread;
    private volatile boolean closed;
    private volatile long heardAtNanos;
    private volatile boolean heard;

    /**
     * @param listener gets every record that arrives, on one thread
     * @param startedOver called when records may have been missed: from here on none is
     */
    public LogFollower(Properties kafka, String topic, Consumer<LogRecord> listener, Runnable startedOver) {
        this.kafka = kafka;
        this.topic = topic;
        this.listener = listener;
        this.startedOver = startedOver;
        this.thread = Thread.ofPlatform().daemon().name("log-follower").unstarted(this::run);
    }

    /** Starts; returns when every partition is followed from its end, or after ten seconds. */
    public void start() {
        thread.start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        synchronized (this) {
            while (!heard && System.nanoTime() < deadline) {
                try {
                    wait(50);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /** Whether Kafka answered lately: what was heard is all there is. */
    public boolean healthy() {
        return heard && System.nanoTime() - heardAtNanos < TimeUnit.MILLISECONDS.toNanos(FRESH_MILLIS);
    }

    private void run() {
        while (!closed) {
            try (var consumer = consumer()) {
                follow(consumer);
            } catch (WakeupException e) {
                return;
            } catch (RuntimeException e) {
                // Kafka failed, or the listener could not take a record: what it holds is loaded anew, without it.
                LOG.warnf(e, "Log follower starts over: cause=%s", e.getClass().getSimpleName());
                pause();
            }
        }
    }

    private KafkaConsumer<String, byte[]> consumer() {
        var config = new Properties();
        config.putAll(kafka);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
        return new KafkaConsumer<>(config, new StringDeserializer(), new ByteArrayDeserializer());
    }

    private void follow(KafkaConsumer<String, byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic, METADATA).stream()
                .map((PartitionInfo info) -> new TopicPartition(topic, info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(partition -> consumer.position(partition, METADATA));
        startedOver.run();
        long checkedAt = System.nanoTime();
        markHeard();
        while (!closed) {
            var records = consumer.poll(POLL);
            for (var record : records) {
                try {
                    listener.accept(LogRecord.parse(record.key(), record.value(), record.partition(), record.offset()));
                } catch (MalformedRecord e) {
                    LOG.errorf("Malformed record: partition=%d offset=%d", record.partition(), record.offset());
                }
            }
            if (!records.isEmpty()) {
                markHeard();
                checkedAt = System.nanoTime();
            } else if (System.nanoTime() - checkedAt > TimeUnit.SECONDS.toNanos(1)) {
                // An empty poll looks the same with Kafka down: ask it something.
                consumer.endOffsets(partitions, METADATA);
                markHeard();
                checkedAt = System.nanoTime();
            }
        }
    }

    private synchronized void markHeard() {
        heardAtNanos = System.nanoTime();
        heard = true;
        notifyAll();
    }

    private static void pause() {
        try {
            Thread.sleep(500);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join(3_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
