package dev.chancery.projection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.testkit.Backing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

class TopicPublisherTest {
    private static final long READ_MILLIS = 30_000;

    @Test
    void aTopicThatIsMissingIsCreatedAndKeepsWhatIsPublishedInOrder() {
        String topic = "checkpoints." + UUID.randomUUID();
        try (var publisher = new TopicPublisher(kafka(), topic)) {
            publisher.publish("origin", "first".getBytes(UTF_8));
        }
        try (var again = new TopicPublisher(kafka(), topic)) {
            again.publish("origin", "second".getBytes(UTF_8));
        }
        assertThat(read(topic, 2)).containsExactly("origin=first", "origin=second");
    }

    @Test
    void aTopicOfSeveralPartitionsIsRefused() {
        String topic = Backing.topic("checkpoints", 2, Map.of());
        assertThatThrownBy(() -> new TopicPublisher(kafka(), topic))
                .isInstanceOf(KafkaException.class)
                .hasMessageContaining("one partition");
    }

    private static List<String> read(String topic, int count) {
        Properties settings = kafka();
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            var read = new ArrayList<String>();
            long deadline = System.currentTimeMillis() + READ_MILLIS;
            while (read.size() < count && System.currentTimeMillis() < deadline) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    read.add(record.key() + "=" + new String(record.value(), UTF_8));
                }
            }
            return read;
        }
    }

    private static Properties kafka() {
        var properties = new Properties();
        properties.put("bootstrap.servers", Backing.kafka().bootstrapServers());
        return properties;
    }
}
