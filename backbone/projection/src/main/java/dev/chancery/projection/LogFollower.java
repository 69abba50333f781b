package dev.chancery.projection;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.schema.log.v1.Pulse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * Hands every record that arrives from now on to one listener, in memory, without a consumer group or stored offsets. It is for state
 * that lives in the process and can be loaded again, such as the decision point's.
 *
 * <p><b>Freshness.</b> About twice a second the relay writes a heartbeat to the pulse topic. It names a time, and for each partition of
 * the log's topic the offset before which everything lies that was committed by that time. When the listener has all records before
 * those offsets, its state is as of that time. The time is PostgreSQL's: a local clock that is ahead of it makes the state look older
 * than it is, and one that is behind makes it look younger.
 *
 * <p><b>Starting over.</b> After a failure of Kafka or of the listener it begins again at the ends of the partitions. Records may have
 * been missed, so {@code startedOver} tells the owner to drop its state.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #MAX_WAITING_HEARTBEATS} heartbeats wait for their records.
 */
public final class LogFollower implements AutoCloseable {
    /** How old the newest heartbeat may be before this is stale: four times the relay's interval. */
    public static final Duration MAX_AGE = Duration.ofSeconds(2);

    private static final Logger LOG = Logger.getLogger(LogFollower.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration METADATA = Duration.ofSeconds(2);

    /** Heartbeats that may wait for their records. Past that the oldest is dropped; by then the state is stale anyway. */
    static final int MAX_WAITING_HEARTBEATS = 64;

    private final KafkaClients kafka;
    private final String topic;
    private final String heartbeatTopic;
    private final java.util.function.Consumer<LogRecord> listener;
    private final Runnable startedOver;
    private final Deque<Pulse> heartbeats = new ArrayDeque<>();
    private final Thread thread;
    private volatile boolean closed;
    private volatile long freshAsOfMicros;

    /**
     * @param listener gets every record that arrives, on one thread
     * @param startedOver called when records may have been missed; none is missed after it
     */
    public LogFollower(
            Properties kafka,
            String topic,
            String heartbeatTopic,
            java.util.function.Consumer<LogRecord> listener,
            Runnable startedOver) {
        this.kafka = new KafkaClients(kafka);
        this.topic = topic;
        this.heartbeatTopic = heartbeatTopic;
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
                // Kafka failed, or the listener could not take a record: the owner loads its state again.
                LOG.warnf(e, "Log follower starts over: cause=%s", e.getClass().getSimpleName());
                pause();
            }
        }
    }

    private Consumer<byte[], byte[]> consumer() {
        return kafka.consumer(Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"));
    }

    private void follow(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>(partitions(consumer, topic));
        int logPartitions = partitions.size();
        partitions.addAll(partitions(consumer, heartbeatTopic));
        if (logPartitions == 0 || partitions.size() != logPartitions + 1) {
            throw new KafkaException("the topics do not exist yet");
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(partition -> consumer.position(partition, METADATA));
        heartbeats.clear();
        startedOver.run();
        while (!closed) {
            for (var record : consumer.poll(POLL)) {
                if (record.topic().equals(heartbeatTopic)) {
                    keepHeartbeat(record);
                } else {
                    deliver(record);
                }
            }
            while (!heartbeats.isEmpty() && isDelivered(consumer, heartbeats.getFirst(), logPartitions)) {
                markFresh(heartbeats.removeFirst().getAtMicros());
            }
        }
    }

    private static List<TopicPartition> partitions(Consumer<byte[], byte[]> consumer, String topic) {
        return consumer.partitionsFor(topic, METADATA).stream()
                .map((PartitionInfo info) -> new TopicPartition(topic, info.partition()))
                .sorted(Comparator.comparingInt(TopicPartition::partition))
                .toList();
    }

    private void deliver(ConsumerRecord<byte[], byte[]> record) {
        LogTopic.tenantOf(record).ifPresent(tenant -> {
            try {
                listener.accept(LogTopic.parse(tenant, record));
            } catch (MalformedRecord e) {
                LOG.errorf("Malformed record: partition=%d offset=%d", record.partition(), record.offset());
            }
        });
    }

    private void keepHeartbeat(ConsumerRecord<byte[], byte[]> record) {
        try {
            if (record.value() != null) {
                heartbeats.addLast(Pulse.parseFrom(record.value()));
            }
        } catch (InvalidProtocolBufferException e) {
            LOG.errorf("Malformed heartbeat: offset=%d", record.offset());
        }
        if (heartbeats.size() > MAX_WAITING_HEARTBEATS) {
            heartbeats.removeFirst();
        }
    }

    private boolean isDelivered(Consumer<byte[], byte[]> consumer, Pulse heartbeat, int logPartitions) {
        if (heartbeat.getNextOffsetsCount() != logPartitions) {
            return false;
        }
        for (int partition = 0; partition < logPartitions; partition++) {
            if (consumer.position(new TopicPartition(topic, partition), METADATA)
                    < heartbeat.getNextOffsets(partition)) {
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
