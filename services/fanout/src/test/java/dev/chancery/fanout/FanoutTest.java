package dev.chancery.fanout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.projection.LogRecord;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.CloudEventDeserializer;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each event is on its feature's topic once, whatever ends in between; read with the CloudEvents project's own reader. */
class FanoutTest {
    private static final String INSTANCE = "ch-test";
    private static final String IDENTITY = "identity.events.v1";
    private static final String ACCESS = "access.events.v1";
    private static final int PARTITIONS = 2;
    private static final int PARTITION = 1;
    private static final Contract CONTRACT = Contract.load();

    private final String tenant = UUID.randomUUID().toString();
    private final Database database = Backing.database("projection", "fanout");
    private final Properties kafka = new Properties();
    private EventTopics topics;

    @BeforeEach
    void given() {
        kafka.setProperty("bootstrap.servers", Backing.kafka().bootstrapServers());
        try (var admin = new KafkaClients(kafka).topics()) {
            admin.ensure(new NewTopic("log.v1", Optional.of(PARTITIONS), Optional.empty()));
        }
        topics = new EventTopics(kafka, CONTRACT);
    }

    @AfterEach
    void stop() {
        topics.close();
        database.close();
    }

    @Test
    void anEventCarriesWhatAReaderNeeds() {
        apply(List.of(intent(0), outcome(1, created("ann"), assigned("ann"))));

        List<CloudEvent> identity = events(IDENTITY);
        assertThat(identity).hasSize(1);
        CloudEvent event = identity.getFirst();
        assertThat(event.getId()).isEqualTo("1.0");
        assertThat(event.getSource()).hasToString("/" + INSTANCE + "/" + tenant);
        assertThat(event.getType()).isEqualTo("chancery.identity.v1.PrincipalCreated");
        assertThat(event.getSubject()).isEqualTo("identity/principal/ann");
        assertThat(event.getTime().toInstant()).isEqualTo(Instant.parse("2026-11-29T10:00:00.000001Z"));
        assertThat(event.getDataContentType()).isEqualTo("application/protobuf");
        assertThat(event.getData().toBytes()).isEqualTo(created("ann").body.toByteArray());
        assertThat(event.getExtension("position")).isEqualTo("1");
        assertThat(event.getExtension("streamversion")).isEqualTo("1");
        assertThat(event.getExtension("causationid")).isEqualTo("0");
        assertThat(event.getExtension("correlationid")).isEqualTo("r1");
        assertThat(event.getExtension("partitionkey")).isEqualTo(tenant);
        assertThat(event.getExtension("dataclassification")).isEqualTo("personal");
        assertThat(events(ACCESS)).extracting(CloudEvent::getId).containsExactly("1.1");
    }

    @Test
    void whatAnEventsClearFieldsShouldNotHaveIsCounted() {
        var metrics = new SimpleMeterRegistry();
        Metrics.addRegistry(metrics);
        try {
            apply(List.of(outcome(0, created("ann"), assigned("ann"))));
            assertThat(metrics.find("chancery.dlp.findings").counters())
                    .allSatisfy(counter -> assertThat(counter.count()).isZero());
            var planted = new Event(
                    "access/role/x",
                    "chancery.access.v1.RoleDefined",
                    RoleDefined.newBuilder().setRole("ada@example.org").build().toByteString());
            apply(List.of(outcome(1, planted)));
            apply(List.of(outcome(1, planted)));
        } finally {
            Metrics.removeRegistry(metrics);
        }
        assertThat(metrics.get("chancery.dlp.findings")
                        .tags("sink", "topic", "kind", "mail", "outcome", "alerted")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(events(ACCESS)).extracting(CloudEvent::getId).containsExactly("0.1", "1.0");
    }

    @Test
    void aRunThatIsAppliedAgainSendsNothingTwice() {
        List<LogRecord> run = List.of(outcome(0, created("a")), outcome(1, created("b")), outcome(2, assigned("a")));
        topics.accept(run);
        // It ended before PostgreSQL had committed.
        restart();
        topics.accept(run);
        restart();
        topics.accept(List.of(run.get(2), outcome(3, created("c"))));

        assertThat(events(IDENTITY)).extracting(CloudEvent::getId).containsExactly("0.0", "1.0", "3.0");
        assertThat(events(ACCESS)).extracting(CloudEvent::getId).containsExactly("2.0");
    }

    @Test
    void aTransactionThatACrashLeftOpenIsNeverRead() {
        topics.accept(List.of(outcome(0, created("a"))));
        topics.close();
        var crashed = new KafkaClients(kafka)
                .producer(
                        Duration.ofSeconds(10),
                        Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, EventTopics.TRANSACTIONS + PARTITION));
        crashed.initTransactions();
        crashed.beginTransaction();
        crashed.send(new ProducerRecord<>(IDENTITY, PARTITION, tenant.getBytes(UTF_8), new byte[] {1}));
        crashed.flush();
        restart();
        topics.accept(List.of(outcome(1, created("b"))));
        crashed.close(Duration.ZERO);

        assertThat(events(IDENTITY)).extracting(CloudEvent::getId).containsExactly("0.0", "1.0");
    }

    @Test
    void aWriterThatLostItsPartitionWritesNoMore() {
        topics.accept(List.of(outcome(0, created("a"))));
        try (var other = new EventTopics(kafka, CONTRACT)) {
            other.accept(List.of(outcome(1, created("b"))));
            List<LogRecord> late = List.of(outcome(1, created("b")), outcome(2, created("c")));
            assertThatThrownBy(() -> topics.accept(late)).isInstanceOf(RuntimeException.class);
            // It tries again, as the projection's runner does: now it is the other one that has lost it.
            topics.accept(late);
        }
        assertThat(events(IDENTITY)).extracting(CloudEvent::getId).containsExactly("0.0", "1.0", "2.0");
    }

    @Test
    void aTopicThatLacksEventsIsFilledAnewAndTheOtherIsLeft() {
        List<LogRecord> run = List.of(outcome(0, created("a"), assigned("a")), outcome(1, assigned("b")));
        apply(run);
        var repair = new FanoutRepair(database, kafka, new FanoutFeature().topics());
        assertThat(repair.findings()).isEmpty();
        topics.close();
        try (var admin = new KafkaClients(kafka).topics()) {
            admin.delete(ACCESS);
        }
        assertThat(repair.findings()).containsExactly(ACCESS + " lacks events that were sent to it");

        assertThat(repair.apply()).isEmpty();
        assertThat(repair.findings()).isEmpty();
        long position = database.inTenant(DatabaseRole.FANOUT, tenant, connection -> {
            try (var query = connection.prepareStatement("SELECT position FROM fanout.position");
                    var row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
        assertThat(position).as("the projection begins again").isEqualTo(-1);
        restart();
        apply(run);

        assertThat(events(ACCESS)).extracting(CloudEvent::getId).containsExactly("0.1", "1.0");
        assertThat(events(IDENTITY)).extracting(CloudEvent::getId).containsExactly("0.0");
        assertThat(repair.findings()).isEmpty();
    }

    private void restart() {
        topics.close();
        topics = new EventTopics(kafka, CONTRACT);
    }

    /** As the runner does: with the position, in one transaction. */
    private void apply(List<LogRecord> run) {
        var projection = new FanoutProjection(FanoutFeature.SCHEMA, DatabaseRole.FANOUT, topics);
        database.inTenant(DatabaseRole.FANOUT, tenant, connection -> {
            projection.apply(connection, tenant, run);
            try (var upsert = connection.prepareStatement("INSERT INTO fanout.position (tenant, position) VALUES (?, ?)"
                    + " ON CONFLICT (tenant) DO UPDATE SET position = excluded.position")) {
                upsert.setString(1, tenant);
                upsert.setLong(2, run.getLast().position());
                return upsert.executeUpdate();
            }
        });
    }

    private List<CloudEvent> events(String topic) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.getProperty("bootstrap.servers"));
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        var found = new ArrayList<CloudEvent>();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new CloudEventDeserializer())) {
            List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                    .mapToObj(partition -> new TopicPartition(topic, partition))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = written(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(message -> {
                    if (message.key().equals(tenant)) {
                        assertThat(message.partition()).isEqualTo(PARTITION);
                        found.add(message.value());
                    }
                });
            }
        }
        return found;
    }

    /** To the last message of a transaction that is not ended yet, too: what ends it comes soon. */
    private Map<TopicPartition, Long> written(List<TopicPartition> partitions) {
        try (var consumer = new KafkaClients(kafka).consumer(Map.of())) {
            return consumer.endOffsets(partitions);
        }
    }

    private record Event(String stream, String type, ByteString body) {}

    private static Event created(String id) {
        return new Event(
                "identity/principal/" + id,
                "chancery.identity.v1.PrincipalCreated",
                PrincipalCreated.newBuilder().setPrincipalId(id).build().toByteString());
    }

    private static Event assigned(String id) {
        return new Event(
                "access/assignments/" + id,
                "chancery.access.v1.RoleAssigned",
                RoleAssigned.newBuilder().setPrincipalId(id).build().toByteString());
    }

    private Statement.Builder statement(long position) {
        return Statement.newBuilder()
                .setOrigin(INSTANCE + "/" + tenant)
                .setPosition(position)
                .setRequestId("r" + position)
                .setRecordedAtMicros(Instant.parse("2026-11-29T10:00:00Z").getEpochSecond() * 1_000_000 + position);
    }

    private LogRecord intent(long position) {
        Statement statement =
                statement(position).setIntent(Intent.getDefaultInstance()).build();
        return new LogRecord(tenant, position, new byte[0], statement, List.of(), PARTITION, position);
    }

    private LogRecord outcome(long position, Event... events) {
        var outcome = Outcome.newBuilder().setResult(Result.SUCCESS);
        if (position > 0) {
            outcome.setIntent(IntentRef.newBuilder().setPosition(position - 1));
        }
        var bodies = new ArrayList<ByteString>();
        for (Event event : events) {
            outcome.addEvents(
                    EventRef.newBuilder().setStream(event.stream).setVersion(1).setType(event.type));
            bodies.add(event.body);
        }
        Statement statement = statement(position).setOutcome(outcome).build();
        return new LogRecord(tenant, position, new byte[0], statement, bodies, PARTITION, position);
    }
}
