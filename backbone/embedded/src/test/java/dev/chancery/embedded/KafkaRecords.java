package dev.chancery.embedded;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes and reads one partition with Kafka's own clients. */
final class KafkaRecords {
    private static final int SECONDS = 30;
    private static final String TOPIC = "kept.v1";

    private KafkaRecords() {}

    static void createTopic(EmbeddedKafka kafka) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get(SECONDS, TimeUnit.SECONDS);
        }
    }

    static void write(EmbeddedKafka kafka, byte[] value) throws Exception {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "acks", "all", "max.request.size", 2 << 20);
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(TOPIC, value)).get(SECONDS, TimeUnit.SECONDS);
        }
    }

    /** All records of the partition, in order. */
    static List<byte[]> read(EmbeddedKafka kafka) {
        var partition = new TopicPartition(TOPIC, 0);
        Map<String, Object> settings = Map.of("bootstrap.servers", kafka.bootstrapServers());
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition), Duration.ofSeconds(SECONDS))
                    .get(partition);
            var values = new ArrayList<byte[]>();
            long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (values.size() < end && System.nanoTime() < deadlineNanos) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }
}
