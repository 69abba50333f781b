package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.testkit.Backing;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;

/**
 * Measures the relay beside its servers: from its start until it relays; the processor time of this process while idle; from the
 * return of a commit until a consumer has the record (Kafka's acknowledgement lies before that), at 100 and at 500 commits a second;
 * then how fast rows flow while they are inserted. Run by name; how in docs/reference/performance.md.
 */
final class RelayBenchmark {
    private static final int WARM_UP = 500;
    private static final int ROWS = 200_000;
    private static final int ROWS_A_COMMIT = 100;
    private static final Duration IDLE = Duration.ofSeconds(10);

    @Test
    void measures() throws InterruptedException {
        Database database = Backing.database("log", "relay");
        Map<String, Object> kafka = Map.of("bootstrap.servers", Backing.kafka().bootstrapServers());
        var tenants = new Tenants(database);
        String[] names = {UUID.randomUUID().toString(), UUID.randomUUID().toString()};
        tenants.begin(names);
        RelayOptions options = RelayOptions.defaults(database.name());
        for (String start : new String[] {"first", "again", "again"}) {
            try (var relay = new Relay(database, kafka, options)) {
                started(relay, start);
            }
        }
        try (var relay = new Relay(database, kafka, options)) {
            started(relay, "again");
            latency(tenants, names[0], options, 100, 2_000);
            latency(tenants, names[1], options, 500, 5_000);
            idle();
            throughput(tenants, names, relay);
        }
        measureStop(database, kafka, options);
    }

    private static void started(Relay relay, String which) {
        long begun = System.nanoTime();
        relay.start();
        while (!relay.healthy()) {
            LockSupport.parkNanos(5_000_000);
        }
        System.out.printf("@@ start, %s: %d ms%n", which, (System.nanoTime() - begun) / 1_000_000);
    }

    private static void measureStop(Database database, Map<String, Object> kafka, RelayOptions options) {
        var relay = new Relay(database, kafka, options);
        started(relay, "again");
        long begun = System.nanoTime();
        relay.close();
        System.out.printf("@@ stop: %d ms%n", (System.nanoTime() - begun) / 1_000_000);
    }

    /** Kafka and PostgreSQL are other threads and processes: the relay's own threads and Debezium's are told apart by name. */
    private static void idle() throws InterruptedException {
        var threads = ManagementFactory.getThreadMXBean();
        Map<Long, Long> before = new HashMap<>();
        for (long id : threads.getAllThreadIds()) {
            before.put(id, threads.getThreadCpuTime(id));
        }
        Thread.sleep(IDLE);
        Map<String, Long> spent = new TreeMap<>();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null) {
                long nanos =
                        threads.getThreadCpuTime(thread.getThreadId()) - before.getOrDefault(thread.getThreadId(), 0L);
                spent.merge(thread.getThreadName().replaceAll("[0-9a-f]{16}|[0-9]+", "#"), nanos, Long::sum);
            }
        }
        double all = spent.values().stream().mapToLong(Long::longValue).sum();
        System.out.printf("@@ idle: this process %.1f %% of a core%n", 100 * all / IDLE.toNanos());
        spent.forEach((name, nanos) -> {
            if (nanos > IDLE.toNanos() / 1_000) {
                System.out.printf("@@   %.1f %% %s%n", 100.0 * nanos / IDLE.toNanos(), name);
            }
        });
    }

    private static void latency(Tenants tenants, String tenant, RelayOptions options, int commitsASecond, int commits)
            throws InterruptedException {
        Map<Long, Long> arrived = new ConcurrentHashMap<>();
        Thread reader = Thread.ofPlatform().daemon().start(() -> read(options, tenant, commits, arrived));
        long[] committed = new long[commits];
        long everyNanos = 1_000_000_000L / commitsASecond;
        long due = System.nanoTime();
        for (int i = 0; i < commits; i++) {
            long position = tenants.append(tenant, 1);
            committed[(int) position] = System.nanoTime();
            due += everyNanos;
            LockSupport.parkNanos(due - System.nanoTime());
        }
        reader.join(Duration.ofSeconds(20));
        long[] micros = new long[commits - WARM_UP];
        for (int i = WARM_UP; i < commits; i++) {
            micros[i - WARM_UP] = (arrived.get((long) i) - committed[i]) / 1_000;
        }
        Arrays.sort(micros);
        System.out.printf(
                "@@ commit to consumer at %d/s, ms: p50 %.1f p90 %.1f p99 %.1f max %.1f%n",
                commitsASecond,
                micros[micros.length / 2] / 1e3,
                micros[micros.length * 9 / 10] / 1e3,
                micros[micros.length * 99 / 100] / 1e3,
                micros[micros.length - 1] / 1e3);
    }

    private static void read(RelayOptions options, String tenant, int commits, Map<Long, Long> arrived) {
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of(
                        "bootstrap.servers", Backing.kafka().bootstrapServers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(consumer.partitionsFor(options.topic()).stream()
                    .map(partition -> new TopicPartition(options.topic(), partition.partition()))
                    .toList());
            while (arrived.size() < commits) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> {
                    if (TopicReader.tenant(record).equals(tenant)) {
                        arrived.put(TopicReader.position(record), System.nanoTime());
                    }
                });
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
                "@@ rows/s: inserted %.0f, in Kafka %.0f%n",
                ROWS * 1e9 / (inserted - begun), ROWS * 1e9 / (relayed - begun));
    }
}
