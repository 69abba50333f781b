package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.testkit.Backing;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;

/**
 * Measures the relay beside its servers: from the return of a commit until a consumer has the record (Kafka's acknowledgement
 * lies before that), 200 commits a second; then how fast rows flow while they are inserted. Run by name; how in
 * docs/reference/performance.md.
 */
final class RelayBenchmark {
    private static final int COMMITS = 4_000;
    private static final int WARM_UP = 1_000;
    private static final int ROWS = 200_000;
    private static final int ROWS_A_COMMIT = 100;

    @Test
    void measures() throws InterruptedException {
        Database database = Backing.database("log", "relay");
        var kafka = new Properties();
        kafka.setProperty("bootstrap.servers", Backing.kafka().bootstrapServers());
        var tenants = new Tenants(database);
        String[] names = {UUID.randomUUID().toString(), UUID.randomUUID().toString()};
        tenants.begin(names);
        RelayOptions options = RelayOptions.defaults(database.name());
        try (var relay = new Relay(database, kafka, options)) {
            relay.start();
            while (!relay.healthy()) {
                LockSupport.parkNanos(50_000_000);
            }
            latency(tenants, names[0], options);
            throughput(tenants, names, relay);
        }
    }

    private static void latency(Tenants tenants, String tenant, RelayOptions options) throws InterruptedException {
        Map<Long, Long> arrived = new ConcurrentHashMap<>();
        Thread reader = Thread.ofPlatform().daemon().start(() -> read(options, arrived));
        long[] committed = new long[COMMITS];
        for (int i = 0; i < COMMITS; i++) {
            long position = tenants.append(tenant, 1);
            committed[(int) position] = System.nanoTime();
            LockSupport.parkNanos(5_000_000);
        }
        reader.join(Duration.ofSeconds(20));
        long[] micros = new long[COMMITS - WARM_UP];
        for (int i = WARM_UP; i < COMMITS; i++) {
            micros[i - WARM_UP] = (arrived.get((long) i) - committed[i]) / 1_000;
        }
        Arrays.sort(micros);
        System.out.printf(
                "@@ commit to consumer, ms: p50 %.1f p90 %.1f p99 %.1f max %.1f%n",
                micros[micros.length / 2] / 1e3,
                micros[micros.length * 9 / 10] / 1e3,
                micros[micros.length * 99 / 100] / 1e3,
                micros[micros.length - 1] / 1e3);
    }

    private static void read(RelayOptions options, Map<Long, Long> arrived) {
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of(
                        "bootstrap.servers", Backing.kafka().bootstrapServers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(consumer.partitionsFor(options.topic()).stream()
                    .map(partition -> new TopicPartition(options.topic(), partition.partition()))
                    .toList());
            while (arrived.size() < COMMITS) {
                consumer.poll(Duration.ofMillis(100))
                        .forEach(record -> arrived.put(TopicReader.position(record), System.nanoTime()));
            }
        }
    }

    private static void throughput(Tenants tenants, String[] names, Relay relay) {
        long begun = System.nanoTime();
        for (int i = 0; i < ROWS / ROWS_A_COMMIT; i++) {
            tenants.append(names[i % names.length], ROWS_A_COMMIT);
        }
        long inserted = System.nanoTime();
        while (relay.lagRecords() > 0) {
            LockSupport.parkNanos(10_000_000);
        }
        long relayed = System.nanoTime();
        System.out.printf(
                "@@ rows/s: inserted %.0f, in Kafka %.0f; slot retains %d bytes%n",
                ROWS * 1e9 / (inserted - begun), ROWS * 1e9 / (relayed - begun), relay.slotRetainedBytes());
    }
}
