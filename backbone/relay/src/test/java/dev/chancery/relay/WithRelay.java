package dev.chancery.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.testkit.Backing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A relay of a test's own on the servers that all share, with a database, topics and three tenants of its own. */
abstract class WithRelay {
    static final Duration BOUND = Duration.ofSeconds(30);

    final Database database = Backing.database("keyring", "log", "relay");
    final Map<String, Object> connection =
            Map.of("bootstrap.servers", Backing.kafka().bootstrapServers());
    final KafkaClients kafka = new KafkaClients(connection);
    final Tenants tenants = new Tenants(database);
    final String a = UUID.randomUUID().toString();
    final String b = UUID.randomUUID().toString();
    final String c = UUID.randomUUID().toString();
    RelayOptions options;
    Relay relay;
    Signer source;

    byte[] signed(String tenant, long position, String requestId) {
        return Tenants.signed(source, tenant, position, requestId);
    }

    @BeforeEach
    void given(@TempDir Path directory) throws IOException {
        source = new SigningKeys(database, KeyFileSealer.create(directory.resolve("key")))
                .signer("ch-test/source/identity");
        RelayOptions defaults = RelayOptions.defaults(database.name());
        options = new RelayOptions(
                "log.v1." + database.name(),
                3,
                (short) 1,
                defaults.slot(),
                100,
                1 << 20,
                Duration.ofSeconds(10),
                Duration.ofMillis(100),
                defaults.captureBatchSize(),
                defaults.captureQueueSize(),
                defaults.capturePollInterval(),
                "pulse.v1." + database.name(),
                Duration.ofMillis(50),
                Duration.ofMillis(100),
                Duration.ofSeconds(1));
        tenants.begin(a, b, c);
    }

    @AfterEach
    void stop() throws SQLException {
        if (relay != null) {
            relay.close();
        }
        try (var superuser = Backing.postgres().superuser(database.name());
                var drop = superuser.prepareStatement(
                        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                                + " WHERE slot_name = ? AND NOT active")) {
            drop.setString(1, options.slot());
            drop.execute();
        }
        database.close();
    }

    long forkedAt(String tenant) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var row = connection.createStatement().executeQuery("SELECT coalesce(forked_at, -1) FROM log.head");
            row.next();
            return row.getLong(1);
        });
    }

    void start() {
        relay = new Relay(database, connection, options);
        relay.start();
        await(relay::healthy);
    }

    List<ConsumerRecord<byte[], byte[]>> read(int count) {
        try (var reader = new TopicReader(Backing.kafka().bootstrapServers(), options.topic())) {
            return reader.read(count);
        }
    }

    void produce(String tenant, byte[] record) throws ExecutionException, InterruptedException {
        try (var producer = kafka.producer(BOUND, Map.of())) {
            producer.send(new ProducerRecord<>(
                            options.topic(),
                            Topic.partitionOf(tenant, options.partitions()),
                            tenant.getBytes(StandardCharsets.UTF_8),
                            record))
                    .get();
        }
    }

    void asSuperuser(String sql) throws SQLException {
        try (var superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            statement.execute(sql);
        }
    }

    static void assertDense(List<ConsumerRecord<byte[], byte[]>> records, String tenant, int count) {
        assertThat(TopicReader.positions(records, tenant))
                .containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + BOUND).isLessThan(deadline);
            java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
        }
    }
}
