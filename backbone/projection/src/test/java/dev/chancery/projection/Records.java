package dev.chancery.projection;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.schema.EventHash;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.TemporaryFile;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.LongStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Puts records on a topic, in whatever order a test needs. */
final class Records implements AutoCloseable {
    static final String INSTANCE = "ch-test";

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final Map<String, Set<Long>> sent = new ConcurrentHashMap<>();

    private final Signer signer;
    private final SigningKeyRotation rotation;

    /** @param database where the key of the source is kept */
    Records(Properties kafka, String topic, Database database) {
        var keys = new SigningKeys(database, TemporaryFile.with(KeyFileSealer::create));
        this.signer = keys.signer(INSTANCE + "/source/identity");
        this.rotation = new SigningKeyRotation(database, keys, INSTANCE);
        this.producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
        this.topic = topic;
    }

    /** Withdraws the source's key; what is sent from here on is signed by it all the same. */
    void withdrawKey() {
        rotation.withdraw(INSTANCE + "/source/identity", signer.verifierKey().keyId());
    }

    void send(String tenant, long... positions) {
        for (long position : positions) {
            sent.computeIfAbsent(tenant, first -> new ConcurrentSkipListSet<>()).add(position);
            sendRaw(tenant, signed(tenant, position, "r" + position));
        }
    }

    void range(String tenant, long from, long to) {
        send(tenant, LongStream.rangeClosed(from, to).toArray());
    }

    /** Sends a record that was sent before, and those that follow it without a gap, again: what the relay does when asked. */
    boolean republish(String tenant, long from) {
        var ofTenant = sent.getOrDefault(tenant, new ConcurrentSkipListSet<>());
        if (!ofTenant.contains(from)) {
            return false;
        }
        for (long position = from; ofTenant.contains(position); position++) {
            sendRaw(tenant, signed(tenant, position, "r" + position));
        }
        return true;
    }

    void sendRaw(String tenant, byte @Nullable [] value) {
        sendRaw(topic, tenant.getBytes(StandardCharsets.UTF_8), null, value);
    }

    void sendRaw(String to, byte @Nullable [] key, @Nullable Integer partition, byte @Nullable [] value) {
        var answer = producer.send(new ProducerRecord<>(to, partition, key, value));
        producer.flush();
        assertThat(answer).succeedsWithin(Duration.ofSeconds(10));
    }

    /** A record that the source has signed; every other one has an event. */
    byte[] signed(String tenant, long position, String requestId) {
        var statement = Statement.newBuilder()
                .setOrigin(INSTANCE + "/" + tenant)
                .setPosition(position)
                .setFeature("identity")
                .setSourceKey(signer.verifierKey().keyId())
                .setRequestId(requestId);
        List<ByteString> bodies = List.of();
        if (position % 2 == 0) {
            ByteString body = ByteString.copyFromUtf8("body of " + requestId);
            String type = "chancery.identity.v1.PrincipalCreated";
            bodies = List.of(body);
            statement.setOutcome(Outcome.newBuilder()
                    .setResult(Result.SUCCESS)
                    .addEvents(EventRef.newBuilder()
                            .setStream("identity/principal/" + requestId)
                            .setVersion(1)
                            .setType(type)
                            .setHash(ByteString.copyFrom(
                                    EventHash.of(tenant, "identity/principal/" + requestId, 1, type, body)))));
        } else {
            statement.setIntent(Intent.getDefaultInstance());
        }
        ByteString signed =
                ByteString.copyFrom(new byte[] {1}).concat(statement.build().toByteString());
        return Record.newBuilder()
                .setEntry(signed.concat(ByteString.copyFrom(signer.sign(signed.toByteArray()))))
                .addAllBodies(bodies)
                .build()
                .toByteArray();
    }

    static byte[] record(String tenant, long position, String requestId) {
        var statement = Statement.newBuilder()
                .setOrigin("ch-test/" + tenant)
                .setPosition(position)
                .setRequestId(requestId)
                .setIntent(Intent.getDefaultInstance())
                .build();
        return around(statement.toByteString());
    }

    /** A record with these bytes for a statement and zeros for a signature. */
    static byte[] around(ByteString statement, ByteString... bodies) {
        ByteString entry =
                ByteString.copyFrom(new byte[] {1}).concat(statement).concat(ByteString.copyFrom(new byte[64]));
        return Record.newBuilder()
                .setEntry(entry)
                .addAllBodies(List.of(bodies))
                .build()
                .toByteArray();
    }

    @Override
    public void close() {
        producer.close();
    }
}
