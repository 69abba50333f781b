package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.app.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads log.v1 on from where it was and holds it to its rules: a tenant's records in one partition, each position's first occurrence
 * right after the one before, and every other occurrence the same bytes.
 */
final class TopicCheck {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int MAX_EMPTY_POLLS = 100;

    private static final class Copy {
        private final int partition;
        private final List<String> recordHashes = new ArrayList<>();

        Copy(int partition) {
            this.partition = partition;
        }
    }

    private final Map<TopicPartition, Long> next = new HashMap<>();
    private final Map<String, Copy> copies = new HashMap<>();
    private long repeated;

    /** Reads up to the topic's end as it is now. */
    void read(Properties kafka) {
        var properties = new Properties();
        properties.putAll(kafka);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Settings.LOG_TOPIC).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            partitions.forEach(partition -> consumer.seek(partition, next.getOrDefault(partition, 0L)));
            int emptyPolls = 0;
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                var records = consumer.poll(POLL);
                emptyPolls = records.isEmpty() ? emptyPolls + 1 : 0;
                assertThat(emptyPolls).as("polls that brought nothing").isLessThan(MAX_EMPTY_POLLS);
                records.forEach(this::take);
            }
            partitions.forEach(partition -> next.put(partition, consumer.position(partition)));
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> message) {
        String tenant = new String(message.key(), StandardCharsets.UTF_8);
        long position = ByteBuffer.wrap(message.headers().lastHeader("position").value())
                .getLong();
        String where = tenant + "@" + position + " at offset " + message.partition() + "/" + message.offset();
        Copy copy = copies.computeIfAbsent(tenant, t -> new Copy(message.partition()));
        assertThat(message.partition()).as("partition of %s", where).isEqualTo(copy.partition);
        assertThat(position).as("position of %s: none left out", where).isLessThanOrEqualTo(copy.recordHashes.size());
        String hash = HexFormat.of().formatHex(LogCheck.sha256(message.value()));
        if (position == copy.recordHashes.size()) {
            copy.recordHashes.add(hash);
        } else {
            repeated++;
            assertThat(hash).as("%s repeated", where).isEqualTo(copy.recordHashes.get(Math.toIntExact(position)));
        }
    }

    /** Records of a tenant that have arrived. */
    long size(String tenant) {
        Copy copy = copies.get(tenant);
        return copy == null ? 0 : copy.recordHashes.size();
    }

    /** Occurrences that were not the first. */
    long repeated() {
        return repeated;
    }

    /** Each record that both have is the same in both; Kafka never has one that PostgreSQL lacks. */
    void compareWith(LogCheck log) {
        copies.forEach((tenant, copy) -> {
            assertThat((long) copy.recordHashes.size())
                    .as("records of %s in Kafka", tenant)
                    .isLessThanOrEqualTo(log.size(tenant));
            for (int position = 0; position < copy.recordHashes.size(); position++) {
                assertThat(copy.recordHashes.get(position))
                        .as("%s@%d in Kafka", tenant, position)
                        .isEqualTo(log.recordHash(tenant, position));
            }
        });
    }
}
