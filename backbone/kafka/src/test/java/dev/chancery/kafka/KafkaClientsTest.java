package dev.chancery.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.testkit.Backing;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.AppInfoParser;
import org.junit.jupiter.api.Test;

class KafkaClientsTest {
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final KafkaClients kafka =
            new KafkaClients(Map.of("bootstrap.servers", Backing.kafka().bootstrapServers()));
    private final String name = UUID.randomUUID().toString();

    @Test
    void whatIsProducedIsConsumed() {
        try (var topics = kafka.topics()) {
            topics.ensure(new NewTopic(name, 1, (short) 1));
        }
        byte[] value = "value".getBytes(StandardCharsets.UTF_8);
        try (var producer = kafka.producer(BOUND, Map.of())) {
            KafkaClients.await(producer.send(new ProducerRecord<>(name, value)), BOUND);
        }
        try (var consumer = kafka.consumer(Map.of("auto.offset.reset", "earliest"))) {
            consumer.assign(List.of(new TopicPartition(name, 0)));
            var polled = consumer.poll(BOUND);
            assertThat(polled.count()).isEqualTo(1);
            assertThat(polled.iterator().next().value()).isEqualTo(value);
        }
    }

    @Test
    void aTopicIsMadeOnceAndFoundAfter() {
        try (var topics = kafka.topics()) {
            assertThat(topics.find(name)).isEmpty();
            var made = topics.ensure(new NewTopic(name, 3, (short) 1));
            assertThat(made.partitions()).hasSize(3);
            assertThat(topics.ensure(new NewTopic(name, 5, (short) 1)).topicId())
                    .isEqualTo(made.topicId());
            assertThat(topics.find(name)).get().satisfies(found -> assertThat(found.partitions())
                    .hasSize(3));
        }
    }

    @Test
    void aConsumerWithoutAnOffsetToStartFromFailsUnlessItSaysWhereToStart() {
        try (var topics = kafka.topics()) {
            topics.ensure(new NewTopic(name, 1, (short) 1));
        }
        try (var consumer = kafka.consumer(Map.of("group.id", name))) {
            consumer.assign(List.of(new TopicPartition(name, 0)));
            assertThatThrownBy(() -> consumer.poll(BOUND)).hasMessageContaining("Undefined offset");
        }
    }

    @Test
    void whatKafkaRefusesIsThrownAsItIsAndSilenceIsAnErrorToo() {
        var refused = CompletableFuture.failedFuture(new TimeoutException("refused"));
        assertThatThrownBy(() -> KafkaClients.await(refused, BOUND)).isInstanceOf(TimeoutException.class);
        assertThatThrownBy(() -> KafkaClients.await(new CompletableFuture<>(), Duration.ofMillis(1)))
                .isInstanceOf(KafkaException.class)
                .hasMessage("Kafka did not answer within 1 ms");
    }

    @Test
    void theClientsAreOfTheEmbeddedBrokersVersion() {
        assertThat(AppInfoParser.getVersion()).isEqualTo("4.1.1");
    }
}
