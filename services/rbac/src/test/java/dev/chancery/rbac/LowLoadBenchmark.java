package dev.chancery.rbac;

import com.google.protobuf.ByteString;
import com.sun.management.OperatingSystemMXBean;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.LogFollower;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.projection.ProjectionRunner;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.testkit.Backing;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/**
 * Measures the processor time that one record costs at a low rate: in this process (embedded broker, producer, consumer) and in
 * PostgreSQL. What it costs with nobody consuming is measured first. Run by name; how in docs/reference/performance.md.
 */
final class LowLoadBenchmark {
    private static final int TENANTS = 4;
    private static final int GATHER_MILLIS = Integer.getInteger("chancery.bench.gather", 50);
    private static final int SECONDS = Integer.getInteger("chancery.bench.seconds", 15);
    private static final long TICKS_A_SECOND = 100;
    private static final int PARENT = 1;
    private static final int USER_TICKS = 11;
    private static final int SYSTEM_TICKS = 12;

    private final Properties kafka = new Properties();

    @Test
    void measures() throws IOException {
        Live.hash("rbac", Story.id()); // starts PostgreSQL
        kafka.put("bootstrap.servers", Backing.kafka().bootstrapServers());
        int rate = Integer.getInteger("chancery.bench.rate", 200);
        for (int round = 1; round <= 2; round++) {
            measure("idle, nobody", 0, () -> () -> {});
            measure("nobody", rate, () -> () -> {});
            measure("idle, rbac", 0, () -> runner(GATHER_MILLIS));
            measure("rbac", rate, () -> runner(GATHER_MILLIS));
            measure("follower", rate, this::follower);
        }
    }

    private String topic = "";

    private interface Consuming extends AutoCloseable {
        @Override
        void close();
    }

    private interface Start {
        Consuming begin();
    }

    private Consuming runner(int gatherMillis) {
        var runner = new ProjectionRunner(
                new RbacProjection(),
                "ch-test",
                Live.DATABASE,
                kafka,
                topic,
                ProjectionOptions.defaults().withPartitions(1).withGather(Duration.ofMillis(gatherMillis)));
        runner.start();
        return runner::close;
    }

    private Consuming follower() {
        var follower = new LogFollower(kafka, topic, tenant -> {});
        Thread.startVirtualThread(follower::start);
        return follower::close;
    }

    private void measure(String what, int rate, Start start) throws IOException {
        topic = Backing.topic("log.v1");
        try (var superuser = Backing.postgres().superuser(Live.DATABASE.name());
                var statement = superuser.createStatement()) {
            statement.execute("TRUNCATE rbac.\"offset\"");
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
        List<LogRecord> records = records(Math.max(1, rate) * (SECONDS + 5));
        try (var producer = new KafkaProducer<>(
                        Map.<String, Object>of("bootstrap.servers", kafka.get("bootstrap.servers")),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
                Consuming _ = start.begin()) {
            send(producer, records, 0, rate * 5, rate);
            long java = javaNanos();
            long postgres = postgresTicks();
            long began = System.nanoTime();
            send(producer, records, rate * 5, rate * (SECONDS + 5), rate);
            double seconds = (System.nanoTime() - began) / 1e9;
            double javaMillis = (javaNanos() - java) / 1e6;
            double postgresMillis = (postgresTicks() - postgres) * 1000.0 / TICKS_A_SECOND;
            System.out.printf(
                    Locale.ROOT,
                    "%-20s records/s=%d core_percent java=%.1f postgres=%.1f ms/record=%.3f%n",
                    what,
                    rate,
                    javaMillis / seconds / 10,
                    postgresMillis / seconds / 10,
                    rate == 0 ? 0 : (javaMillis + postgresMillis) / (rate * SECONDS));
        }
    }

    private void send(KafkaProducer<byte[], byte[]> producer, List<LogRecord> records, int from, int to, int rate) {
        long began = System.nanoTime();
        if (from == to) {
            while (System.nanoTime() - began < (from == 0 ? 5 : SECONDS) * 1_000_000_000L) {
                LockSupport.parkNanos(100_000_000);
            }
        }
        for (int n = from; n < to; n++) {
            long due = began + (n - from) * 1_000_000_000L / rate;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            LogRecord record = records.get(n);
            producer.send(
                    new ProducerRecord<>(topic, record.tenant().getBytes(StandardCharsets.UTF_8), message(record)));
        }
    }

    /** As the relay sends it, with zeros for a signature. */
    private static byte[] message(LogRecord record) {
        var statement = record.statement().toBuilder()
                .setOrigin("ch-bench/" + record.tenant())
                .build();
        return Record.newBuilder()
                .setEntry(ByteString.copyFrom(new byte[] {1})
                        .concat(statement.toByteString())
                        .concat(ByteString.copyFrom(new byte[64])))
                .addAllBodies(record.bodies())
                .build()
                .toByteArray();
    }

    /** Of some tenants in turn; every command is an intent and an outcome. */
    private static List<LogRecord> records(int count) {
        var stories = new ArrayList<List<LogRecord>>();
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            stories.add(RbacBenchmark.mixed(count / TENANTS + 2));
        }
        var records = new ArrayList<LogRecord>();
        for (int n = 0; n < count; n++) {
            records.add(stories.get(n % TENANTS).get(n / TENANTS));
        }
        return records;
    }

    private static long javaNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** Of the postmaster and its children; 0 where PostgreSQL runs elsewhere, e.g. in a container. */
    private static long postgresTicks() throws IOException {
        String backend = Live.DATABASE.transaction(DatabaseRole.REPLAY, connection -> {
            var row = connection.createStatement().executeQuery("SELECT pg_backend_pid()");
            row.next();
            return row.getString(1);
        });
        String postmaster = stat(backend)[PARENT];
        long ticks = 0;
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes.toList()) {
                String pid = process.getFileName().toString();
                if (Character.isDigit(pid.charAt(0))) {
                    String[] stat = stat(pid);
                    boolean ours = pid.equals(postmaster) || stat[PARENT].equals(postmaster);
                    ticks += ours ? Long.parseLong(stat[USER_TICKS]) + Long.parseLong(stat[SYSTEM_TICKS]) : 0;
                }
            }
        }
        return ticks;
    }

    /** The fields of proc(5)'s stat after the name; zeros for a process that is gone. */
    private static String[] stat(String pid) throws IOException {
        try {
            String line = Files.readString(Path.of("/proc", pid, "stat"));
            return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
        } catch (NoSuchFileException e) {
            return "0 ".repeat(SYSTEM_TICKS + 1).split(" ");
        }
    }
}
