package dev.chancery.decision;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.log.NewEvent;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Pulse;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** A log in PostgreSQL, and its topic, to which the test sends what it wants heard. */
final class TestLog implements AutoCloseable {
    private static final long AWAIT_NANOS = 30_000_000_000L;

    private final Database database = Backing.database("keyring", "log");
    private final LogFixture log = new LogFixture(database, TemporaryFile.with(KeyFileSealer::create));
    private final Properties kafka = new Properties();
    private final String topic;
    private final KafkaProducer<String, byte[]> producer;

    TestLog(String bootstrapServers, String topic) {
        this.topic = topic;
        kafka.put("bootstrap.servers", bootstrapServers);
        producer = new KafkaProducer<>(kafka, new StringSerializer(), new ByteArraySerializer());
    }

    DecisionPoint decisionPoint() {
        return new DecisionPoint(new StreamScan(database, DatabaseRole.ACCESS), kafka, topic, List.of());
    }

    /** A heartbeat: what the relay says for clients. No decision rests on it. */
    void sendPulse(String pulseTopic, long atMicros, List<Long> nextOffsets) {
        var pulse = Pulse.newBuilder().setAtMicros(atMicros).addAllNextOffsets(nextOffsets);
        producer.send(new ProducerRecord<>(pulseTopic, null, pulse.build().toByteArray()));
    }

    void createTopic() {
        try (Admin admin = Admin.create(kafka)) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** A new organisation, in PostgreSQL only: at position 0, Ada holds the first grant, and Ben is there. */
    String organisation() {
        String tenant = log.organisation();
        append(
                DatabaseRole.IDENTITY,
                tenant,
                Map.of(),
                new NewEvent(AuthorityStreams.foundation(tenant), Events.founded()),
                new NewEvent(AuthorityStreams.CONTRACT, Events.adopted("role:define")),
                new NewEvent(AuthorityStreams.principal(Events.ADA), Events.created(Events.ADA)),
                new NewEvent(AuthorityStreams.principal(Events.BEN), Events.created(Events.BEN)));
        return tenant;
    }

    /** Appends to a stream that is at a version; answers the position. */
    long appended(String tenant, StreamId stream, long version, Message event) {
        DatabaseRole by = stream.feature().equals("access") ? DatabaseRole.ACCESS : DatabaseRole.IDENTITY;
        return append(by, tenant, Map.of(stream, version), new NewEvent(stream, event));
    }

    private long append(DatabaseRole by, String tenant, Map<StreamId, Long> basis, NewEvent... events) {
        Map<StreamId, Long> all = new java.util.HashMap<>(basis);
        List.of(events).forEach(event -> all.putIfAbsent(event.stream(), 0L));
        var statement = LogFixture.statement(LogFixture.entryId()).build();
        return LogFixture.position(log.append(by, tenant, statement, Stream.of(events), all));
    }

    long versionOf(String tenant, String principalId) {
        return new Streams(database, DatabaseRole.IDENTITY)
                .load(tenant, AuthorityStreams.principal(principalId), PrincipalState.FOLD)
                .version();
    }

    /** Sends what lies at a position, byte for byte, as the relay does. */
    void send(String tenant, long position) {
        sendRaw(tenant, record(tenant, position));
    }

    /** What lies at a position. */
    byte[] record(String tenant, long position) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? AND position = ?")) {
                query.setString(1, tenant);
                query.setLong(2, position);
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getBytes(1);
                }
            }
        });
    }

    /** A well-formed record that nobody signed. */
    byte[] forged(String tenant, long position, StreamId stream, Message event) {
        var statement = Statement.newBuilder()
                .setOrigin("ch-test/" + tenant)
                .setPosition(position)
                .setFeature(stream.feature())
                .setOutcome(Outcome.newBuilder()
                        .setResult(Result.SUCCESS)
                        .addEvents(EventRef.newBuilder()
                                .setStream(stream.value())
                                .setVersion(1)
                                .setType(event.getDescriptorForType().getFullName())))
                .build();
        var entry = ByteString.copyFrom(new byte[] {1})
                .concat(statement.toByteString())
                .concat(ByteString.copyFrom(new byte[64]));
        return Record.newBuilder()
                .setEntry(entry)
                .addBodies(event.toByteString())
                .build()
                .toByteArray();
    }

    /** Sends a message without a value: not a record. */
    void sendNothing(String tenant) {
        sendRaw(tenant, null);
    }

    void sendRaw(String tenant, byte @Nullable [] value) {
        try {
            producer.send(new ProducerRecord<>(topic, tenant, value)).get(30, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    void await(BooleanSupplier condition) {
        long startedNanos = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startedNanos > AWAIT_NANOS) {
                throw new AssertionError("not within 30 s");
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    @Override
    public void close() {
        producer.close(java.time.Duration.ofSeconds(1));
        log.close();
        database.close();
    }
}
