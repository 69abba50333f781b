package dev.chancery.projection;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.LongStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Puts records on a topic, in whatever order a test needs. */
final class Records implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final Map<String, Set<Long>> sent = new ConcurrentHashMap<>();

    Records(Properties kafka, String topic) {
        this.producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
        this.topic = topic;
    }

    void send(String tenant, long... positions) {
        for (long position : positions) {
            sent.computeIfAbsent(tenant, first -> new ConcurrentSkipListSet<>()).add(position);
            sendRaw(tenant, record(tenant, position, "r" + position));
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
            sendRaw(tenant, record(tenant, position, "r" + position));
        }
        return true;
    }

    void sendRaw(String tenant, byte[] value) {
        var answer = producer.send(new ProducerRecord<>(topic, tenant.getBytes(StandardCharsets.UTF_8), value));
        producer.flush();
        assertThat(answer).succeedsWithin(Duration.ofSeconds(10));
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
                .addAllBodies(java.util.List.of(bodies))
                .build()
                .toByteArray();
    }

    @Override
    public void close() {
        producer.close();
    }
}
