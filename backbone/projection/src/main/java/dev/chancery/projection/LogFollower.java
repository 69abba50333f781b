package dev.chancery.projection;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.log.v1.Pulse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;

/**
 * Hands every record that arrives from now on to one listener, in memory: no group, no offsets. For what keeps its state in the
 * process and can load it anew.
 *
 * <p>It knows how fresh that is: a pulse names a time, and the offsets before which everything lies that was committed by then. Once
 * those are handed over, the state is as of that time. Times are PostgreSQL's; clocks that differ from it count as staleness, or hide
 * as much of it.
 */
public final class LogFollower implements AutoCloseable {
    /** How old the newest applied pulse may be before this is stale: four times what lies between two. */
    public static final Duration MAX_AGE = Duration.ofSeconds(2);

    private static final Logger LOG = Logger.getLogger(LogFollower.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration METADATA = Duration.ofSeconds(2);

    /** Heartbeats that may wait for their records; older ones are dropped, and nothing is fresh by then. */
    private static final int MAX_WAITING_PULSES = 64;

    private final Properties kafka;
    private final String topic;
    private final String pulseTopic;
    private final Consumer<LogRecord> listener;
    private final Runnable startedOver;
    private final Deque<Pulse> waiting = new ArrayDeque<>();
    private final Thread thread;
    private volatile boolean closed;
    private volatile long freshAsOfMicros;

    /**
     * @param listener gets every record that arrives, on one thread
     * @param startedOver called when records may have been missed: from here on none is
     */
    public LogFollower(
            Properties kafka, String topic, String pulseTopic, Consumer<LogRecord> listener, Runnable startedOver) {
        this.kafka = kafka;
        this.topic = topic;
        this.pulseTopic = pulseTopic;
        this.listener = listener;
        this.startedOver = startedOver;
        this.thread = Thread.ofPlatform().daemon().name("log-follower").unstarted(this::run);
    }

    /** Starts; returns when it is fresh, or after ten seconds. */
    public void start() {
        thread.start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        synchronized (this) {
            while (!healthy() && System.nanoTime() < deadline) {
                try {
                    wait(50);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /** Whether the listener has everything that was committed up to a moment ago. */
    public boolean healthy() {
        return System.currentTimeMillis() - freshAsOfMicros / 1000 < MAX_AGE.toMillis();
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
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return new KafkaConsumer<>(config, new StringDeserializer(), new ByteArrayDeserializer());
    }

    private void follow(KafkaConsumer<String, byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>(partitions(consumer, topic));
        int logPartitions = partitions.size();
        partitions.addAll(partitions(consumer, pulseTopic));
        if (logPartitions == 0 || partitions.size() != logPartitions + 1) {
            throw new KafkaException("the topics aren't there yet");
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(partition -> consumer.position(partition, METADATA));
        waiting.clear();
        startedOver.run();
        while (!closed) {
            for (var record : consumer.poll(POLL)) {
                if (record.topic().equals(pulseTopic)) {
                    keep(record);
                } else {
                    hand(record);
                }
            }
            while (!waiting.isEmpty() && isHandedOver(consumer, waiting.getFirst(), logPartitions)) {
                markFresh(waiting.removeFirst().getAtMicros());
            }
        }
    }

    private static List<TopicPartition> partitions(KafkaConsumer<String, byte[]> consumer, String topic) {
        return consumer.partitionsFor(topic, METADATA).stream()
                .map((PartitionInfo info) -> new TopicPartition(topic, info.partition()))
                .sorted(Comparator.comparingInt(TopicPartition::partition))
                .toList();
    }

    private void hand(ConsumerRecord<String, byte[]> record) {
        try {
            listener.accept(LogRecord.parse(record.key(), record.value(), record.partition(), record.offset()));
        } catch (MalformedRecord e) {
            LOG.errorf("Malformed record: partition=%d offset=%d", record.partition(), record.offset());
        }
    }

    private void keep(ConsumerRecord<String, byte[]> record) {
        try {
            waiting.addLast(Pulse.parseFrom(record.value()));
        } catch (InvalidProtocolBufferException e) {
            LOG.errorf("Malformed pulse: offset=%d", record.offset());
        }
        if (waiting.size() > MAX_WAITING_PULSES) {
            waiting.removeFirst();
        }
    }

    private boolean isHandedOver(KafkaConsumer<String, byte[]> consumer, Pulse pulse, int logPartitions) {
        if (pulse.getNextOffsetsCount() != logPartitions) {
            return false;
        }
        for (int partition = 0; partition < logPartitions; partition++) {
            if (consumer.position(new TopicPartition(topic, partition), METADATA) < pulse.getNextOffsets(partition)) {
                return false;
            }
        }
        return true;
    }

    private synchronized void markFresh(long atMicros) {
        freshAsOfMicros = atMicros;
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
