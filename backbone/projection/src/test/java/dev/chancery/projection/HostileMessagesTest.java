package dev.chancery.projection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.testkit.Backing;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Hostile messages of every kind among true records: a real Kafka takes them all, and a projection comes to what it would have come to
 * without them. {@code -Pfull} for more of them, {@code -Dhostile.seed} to repeat a run.
 */
class HostileMessagesTest {
    private static final int MESSAGES =
            System.getProperty("chancery.rounds", "quick").equals("full") ? 10_000 : 1_000;
    private static final long SEED = Long.getLong("hostile.seed", new Random().nextLong());
    private static final Duration BOUND = Duration.ofSeconds(120);
    private static final int PARTITIONS = 2;
    private static final int HUGE = 900_000;

    private final Random random = new Random(SEED);
    private final String a = UUID.randomUUID().toString();
    private final String b = UUID.randomUUID().toString();

    /** What a message that changes nothing is; those of {@link #REPLAYED} are records and repeat what was applied. */
    private enum Kind {
        NULL_KEY,
        NULL_VALUE,
        GARBAGE,
        TRUNCATED,
        FLIPPED,
        OTHER_KEY,
        FORGED,
        FORGED_AHEAD,
        STRANGER,
        HUGE,
        REPLAYED
    }

    @Test
    void nothingChangesNothingStopsAndAllAreCounted() {
        System.out.println(MESSAGES + " hostile messages, -Dhostile.seed=" + SEED);
        Database database = Backing.database("keyring", "log", "relay", "tally");
        var kafka = new Properties();
        kafka.setProperty("bootstrap.servers", Backing.kafka().bootstrapServers());
        String topic = Backing.topic("log.v1", PARTITIONS, Map.of());
        var options = ProjectionOptions.defaults().withPartitions(PARTITIONS);
        var tally = new Tally("tally", DatabaseRole.RBAC);
        try (var records = new Records(kafka, topic, database);
                var runner = new ProjectionRunner(tally, Records.INSTANCE, database, kafka, topic, options)) {
            runner.start();
            int foreign = 0;
            long last = -1;
            for (int i = 0; i < MESSAGES; i++) {
                if (i % 20 == 0) {
                    last++;
                    records.send(a, last);
                    records.send(b, last);
                }
                Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
                send(records, topic, kind, last);
                foreign += kind == Kind.REPLAYED ? 0 : 1;
            }
            // The true record after a forged one at its position.
            records.sendRaw(a, Records.record(a, last + 1, "forged"));
            foreign++;
            records.send(a, last + 1);
            records.send(b, last + 1);
            assertThat(runner.positions().await(a, last + 1, BOUND)).isTrue();
            assertThat(runner.positions().await(b, last + 1, BOUND)).isTrue();

            assertThat(count(database, a)).isEqualTo(last + 2);
            assertThat(count(database, b)).isEqualTo(last + 2);
            long deadline = System.nanoTime() + BOUND.toNanos();
            while (passedOver(runner) < foreign && System.nanoTime() < deadline) {
                LockSupport.parkNanos(20_000_000);
            }
            assertThat(passedOver(runner)).as(runner.health().toString()).isEqualTo(foreign);
            assertThat(runner.health().stoppedTenants()).isZero();
            assertThat(runner.waitingTenants()).isZero();
        } finally {
            database.close();
        }
    }

    private void send(Records records, String topic, Kind kind, long last) {
        String tenant = random.nextBoolean() ? a : b;
        long position = random.nextLong(last + 1);
        byte[] genuine = records.signed(tenant, position, "r" + position);
        byte @Nullable [] key = tenant.getBytes(UTF_8);
        byte @Nullable [] value = genuine;
        switch (kind) {
            case NULL_KEY -> key = null;
            case NULL_VALUE -> value = null;
            case GARBAGE -> value = bytes(1 + random.nextInt(2_000));
            case TRUNCATED -> value = Arrays.copyOf(genuine, random.nextInt(genuine.length));
            case FLIPPED -> value[random.nextInt(value.length)] ^= (byte) (1 << random.nextInt(8));
            case OTHER_KEY -> key = (tenant.equals(a) ? b : a).getBytes(UTF_8);
            case FORGED -> value = Records.record(tenant, last + 1, "forged");
            case FORGED_AHEAD -> value = Records.record(tenant, last + 2 + random.nextInt(1_000), "forged");
            case STRANGER -> {
                String stranger = UUID.randomUUID().toString();
                key = stranger.getBytes(UTF_8);
                value = Records.record(stranger, 0, "forged");
            }
            case HUGE -> value = bytes(HUGE);
            case REPLAYED -> {}
        }
        // The first partition for a message without a key: no partitioner chooses one by chance then.
        records.sendRaw(topic, key, key == null ? 0 : null, value);
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static long passedOver(ProjectionRunner runner) {
        return runner.health().passedOver().values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    private static long count(Database database, String tenant) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var row = connection.createStatement().executeQuery("SELECT count(*) FROM tally.seen");
            row.next();
            return row.getLong(1);
        });
    }
}
