package dev.chancery.relay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Everything on a topic, from its beginning. */
final class TopicReader implements AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<ConsumerRecord<byte[], byte[]>> seen = new ArrayList<>();

    TopicReader(String bootstrapServers, String topic) {
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        consumer.assign(consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList());
    }

    /** Reads until the condition holds, and once more for what there is beyond it. */
    List<ConsumerRecord<byte[], byte[]>> readUntil(
            Predicate<List<ConsumerRecord<byte[], byte[]>>> enough, Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!enough.test(seen)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + atMost + "; seen: " + seen.size());
            }
            consumer.poll(Duration.ofMillis(50)).forEach(seen::add);
        }
        consumer.poll(Duration.ofMillis(200)).forEach(seen::add);
        return List.copyOf(seen);
    }

    List<ConsumerRecord<byte[], byte[]>> read(int count) {
        return readUntil(seen -> seen.size() >= count, Duration.ofSeconds(30));
    }

    static String tenant(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.key(), StandardCharsets.UTF_8);
    }

    /** As the header says; -1 where the relay didn't write it. */
    static long position(ConsumerRecord<byte[], byte[]> record) {
        Header position = record.headers().lastHeader("position");
        return position == null ? -1 : ByteBuffer.wrap(position.value()).getLong();
    }

    /** The positions of a tenant, as they lie on the topic. */
    static List<Long> positions(List<ConsumerRecord<byte[], byte[]>> records, String tenant) {
        return records.stream()
                .filter(record -> tenant(record).equals(tenant))
                .map(TopicReader::position)
                .toList();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
