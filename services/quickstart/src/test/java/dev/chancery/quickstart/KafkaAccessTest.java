package dev.chancery.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.app.KafkaGrants;
import dev.chancery.app.Settings;
import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.Sealer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The quick start's Kafka lets nobody in without a password, and each role do what its parts do. */
@Timeout(120)
class KafkaAccessTest {
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final String CHECKPOINTS = "ledger.checkpoints.v1";

    @Test
    void aClientDoesWhatItsRoleDoesAndNothingElse(@TempDir Path directory) throws Exception {
        try (var data = DataDirectory.open(directory.resolve("data"), true);
                EmbeddedKafka kafka = Servers.kafka(data)) {
            Sealer sealer = data.sealer();
            String servers = kafka.bootstrapServers();
            strangersStayOut(servers);

            Properties relay = KafkaUsers.client(servers, KafkaGrants.user(ProcessRole.RELAY), sealer);
            Properties ledger = KafkaUsers.client(servers, KafkaGrants.user(ProcessRole.LEDGER), sealer);
            Properties reader = KafkaUsers.client(servers, KafkaGrants.READER, sealer);
            create(relay, Settings.LOG_TOPIC);
            create(relay, Settings.PULSE_TOPIC);
            create(ledger, CHECKPOINTS);
            write(relay, Settings.LOG_TOPIC);
            write(relay, Settings.PULSE_TOPIC);
            write(ledger, CHECKPOINTS);

            for (ProcessRole role : ProcessRole.ALL) {
                Properties client = KafkaUsers.client(servers, KafkaGrants.user(role), sealer);
                assertThat(read(client, Settings.LOG_TOPIC)).isEqualTo(1);
                refusesTopics(client, role == ProcessRole.RELAY ? List.of(CHECKPOINTS) : List.of("log.v1", "pulse.v1"));
                mayNotDelete(client);
            }
            assertThat(read(reader, Settings.LOG_TOPIC)).isEqualTo(1);
            assertThat(read(reader, CHECKPOINTS)).isEqualTo(1);
            refusesTopics(reader, List.of("log.v1", "pulse.v1", CHECKPOINTS));
            mayNotDelete(reader);
            join(reader, "billing");
            for (String reserved : List.of("chancery-rbac", "chancery-ledger", "chancery-anything")) {
                assertThatExceptionOfType(GroupAuthorizationException.class).isThrownBy(() -> join(reader, reserved));
            }
        }
    }

    private static void strangersStayOut(String servers) {
        assertThatExceptionOfType(KafkaException.class).isThrownBy(() -> topics(Map.of("bootstrap.servers", servers)));
        assertThatExceptionOfType(SaslAuthenticationException.class)
                .isThrownBy(() -> topics(KafkaClients.byPassword(servers, "admin", "admin")));
    }

    private static void topics(Map<?, ?> client) {
        var properties = new Properties();
        properties.putAll(client);
        properties.put("request.timeout.ms", "1000");
        properties.put("default.api.timeout.ms", "2000");
        try (Admin admin = Admin.create(properties)) {
            KafkaClients.await(admin.listTopics().names(), ANSWER);
        }
    }

    private static void create(Properties client, String topic) {
        try (var topics = new KafkaClients(client).topics()) {
            topics.ensure(new NewTopic(topic, Optional.of(1), Optional.empty()));
        }
    }

    private static void write(Properties client, String topic) {
        try (var producer = new KafkaClients(client).producer(ANSWER, Map.of())) {
            KafkaClients.await(producer.send(new ProducerRecord<>(topic, new byte[] {1})), ANSWER);
        }
    }

    private static void refusesTopics(Properties client, List<String> topics) {
        for (String topic : topics) {
            // Who may write nowhere is refused before a topic is named; a producer that knows already wraps it.
            assertThatExceptionOfType(KafkaException.class)
                    .isThrownBy(() -> write(client, topic))
                    .matches(
                            e -> e instanceof AuthorizationException || e.getCause() instanceof AuthorizationException,
                            topic);
        }
    }

    private static long read(Properties client, String topic) {
        var partition = new TopicPartition(topic, 0);
        try (var consumer = new KafkaClients(client).consumer(Map.of("auto.offset.reset", "earliest"))) {
            consumer.assign(List.of(partition));
            return consumer.poll(ANSWER).count();
        }
    }

    private static void join(Properties client, String group) {
        try (var consumer =
                new KafkaClients(client).consumer(Map.of("auto.offset.reset", "earliest", "group.id", group))) {
            consumer.subscribe(List.of(Settings.LOG_TOPIC));
            assertThat(consumer.poll(ANSWER).count()).isEqualTo(1);
        }
    }

    private static void mayNotDelete(Properties client) throws InterruptedException {
        try (Admin admin = Admin.create(client)) {
            admin.deleteTopics(List.of(Settings.LOG_TOPIC)).all().get();
            throw new AssertionError("deleted the log's topic");
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(AuthorizationException.class);
        }
    }
}
