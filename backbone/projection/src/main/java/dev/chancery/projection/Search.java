package dev.chancery.projection;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Reads a partition from its beginning for the records that a tenant misses, one search at a time, beside the loop. */
final class Search implements AutoCloseable {
    private final LogTopic topic;
    private final int maxAhead;
    private final ExecutorService alone;
    private volatile boolean closed;

    Search(LogTopic topic, String name, int maxAhead) {
        this.topic = topic;
        this.maxAhead = maxAhead;
        this.alone = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("chancery-search-" + name).factory());
    }

    /** The tenant's records above {@code last} that lie before {@code end}: the lowest ones, as many as are held. */
    CompletableFuture<Ahead> above(String tenant, long last, TopicPartition partition, long end) {
        return CompletableFuture.supplyAsync(() -> search(tenant, last, partition, end), alone);
    }

    private Ahead search(String tenant, long last, TopicPartition partition, long end) {
        var found = new Ahead(maxAhead);
        try (var consumer = topic.consumer(Optional.empty())) {
            LogTopic.readUpTo(consumer, Map.of(partition, end), messages -> {
                if (closed) {
                    throw new IllegalStateException("the search was ended");
                }
                for (ConsumerRecord<byte[], byte[]> message : messages) {
                    if (LogTopic.tenantOf(message).filter(tenant::equals).isPresent()) {
                        keep(tenant, last, message, found);
                    }
                }
            });
        }
        return found;
    }

    private static void keep(String tenant, long last, ConsumerRecord<byte[], byte[]> message, Ahead found) {
        try {
            LogRecord record = LogTopic.parse(tenant, message);
            if (record.position() > last) {
                found.add(record);
            }
        } catch (MalformedRecord e) {
            throw new IllegalStateException("unreadable record at offset " + message.offset(), e);
        }
    }

    @Override
    public void close() {
        // Not interrupted: Kafka's consumer can't close itself properly then. It sees the flag within a poll.
        closed = true;
        alone.close();
    }
}
