package dev.chancery.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.relay.Relay;
import dev.chancery.relay.RelayOptions;
import dev.chancery.testkit.Backing;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Kafka has lost records that the relay knows to be there: a projection and a real relay, over one topic of one partition. */
class LostRecordsTest {
    private static final Duration BOUND = Duration.ofSeconds(30);

    private final Database database = Backing.database("keyring", "log", "relay", "tally", "tally_again");
    private final Properties kafka = new Properties();
    private final Tally tally = new Tally("tally", DatabaseRole.RBAC);
    private final ProjectionOptions options = new ProjectionOptions(
            "",
            Duration.ofSeconds(10),
            1,
            Duration.ofMillis(20),
            50,
            20,
            Duration.ofMillis(50),
            Duration.ofMillis(200));
    private final String a = UUID.randomUUID().toString();
    private final String b = UUID.randomUUID().toString();
    private final String topic = Backing.topic("log.v1", 1, Map.of());
    private Records records;
    private ProjectionRunner runner;
    private Relay relay;

    @BeforeEach
    void given() {
        kafka.setProperty("bootstrap.servers", Backing.kafka().bootstrapServers());
        records = new Records(kafka, topic, database);
    }

    @AfterEach
    void stop() throws SQLException {
        if (runner != null) {
            runner.close();
        }
        if (relay != null) {
            relay.close();
        }
        records.close();
        try (var superuser = Backing.postgres().superuser(database.name());
                var drop = superuser.prepareStatement(
                        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                                + " WHERE database = ? AND NOT active")) {
            drop.setString(1, database.name());
            drop.execute();
        }
        database.close();
    }

    @Test
    void aLostBeginningIsSentAgain() throws Exception {
        append(a, 30);
        append(b, 30);
        records.range(a, 0, 29);
        records.range(b, 0, 29);
        try (Admin admin = Admin.create(kafka)) {
            var partition = new TopicPartition(topic, 0);
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(40)))
                    .all()
                    .get(20, TimeUnit.SECONDS);
        }
        relayHasSent(Map.of(a, 29L, b, 29L), 59);
        startRunner();
        startRelay();
        // Of a nothing is left that would show the gap; its next record does.
        append(a, 1);
        reaches(a, 30);
        reaches(b, 29);
        assertDense(a, 31);
        assertDense(b, 30);
    }

    @Test
    void aLostMiddleIsSentAgainAndTheOtherTenantGoesOnMeanwhile() {
        append(a, 10);
        append(b, 20);
        records.send(a, 0, 1, 2, 6, 7, 8, 9);
        records.range(b, 0, 19);
        relayHasSent(Map.of(a, 9L, b, 19L), 26);
        startRunner();
        reaches(b, 19);
        await(() -> runner.waitingTenants() == 1);
        assertThat(runner.positions().of(a)).isEqualTo(2);
        await(() -> requests().equals(List.of(a + " 3 5")));
        startRelay();
        reaches(a, 9);
        assertDense(a, 10);
        append(a, 5);
        append(b, 5);
        reaches(a, 14);
        reaches(b, 24);
        await(() -> runner.waitingTenants() == 0);
        await(() -> requests().isEmpty());
    }

    @Test
    void aTopicThatWasMendedIsRebuiltInOnePass() {
        aLostMiddleIsSentAgainAndTheOtherTenantGoesOnMeanwhile();
        var rebuild = new Rebuild(
                new Tally("tally_again", DatabaseRole.REPLAY), Records.INSTANCE, database, kafka, topic, options);
        assertThat(rebuild.upTo(Map.of(a, 14L, b, 24L), BOUND)).isEqualTo(Map.of(a, 14L, b, 24L));
    }

    @Test
    void whatIsSentAgainTwiceIsAppliedOnce() {
        append(a, 10);
        records.send(a, 0, 4, 5, 6, 7, 8, 9);
        relayHasSent(Map.of(a, 9L), 6);
        startRunner();
        startRelay();
        reaches(a, 9);
        ask(a, 1);
        await(() -> requests().isEmpty());
        ask(a, 1);
        await(() -> requests().isEmpty());
        append(a, 1);
        reaches(a, 10);
        assertDense(a, 11);
        assertThat(tally.again).hasValueGreaterThanOrEqualTo(18);
    }

    @Test
    void aCrashBetweenTheRequestAndTheRecordsLosesNothing() {
        append(a, 10);
        records.send(a, 0, 5, 6, 7, 8, 9);
        relayHasSent(Map.of(a, 9L), 5);
        startRunner();
        await(() -> !requests().isEmpty());
        runner.close();
        assertThat(savedOffset()).as("past what was dropped").isEqualTo(6);
        startRelay();
        await(() -> requests().isEmpty());
        startRunner();
        reaches(a, 9);
        assertDense(a, 10);
    }

    @Test
    void aCrashBeforeTheRequestLosesNothing() {
        append(a, 10);
        records.send(a, 0, 5, 6, 7, 8, 9);
        relayHasSent(Map.of(a, 9L), 5);
        refuseRequests(true);
        startRunner();
        await(() -> runner.waitingTenants() == 1);
        runner.close();
        assertThat(savedOffset()).as("at the first that was dropped").isEqualTo(1);
        refuseRequests(false);
        startRelay();
        startRunner();
        reaches(a, 9);
        assertDense(a, 10);
    }

    @Test
    void aRequestIsRepeatedWithoutQueueingUp() {
        records.send(a, 0, 5);
        startRunner();
        await(() -> requestId() >= 4);
        assertThat(requests()).containsExactly(a + " 1 4");
        assertThat(runner.positions().of(a)).isZero();
    }

    private void startRunner() {
        runner = new ProjectionRunner(tally, Records.INSTANCE, database, kafka, topic, options);
        runner.start();
        await(runner::healthy);
    }

    private void startRelay() {
        relay = new Relay(
                database, kafka, RelayOptions.defaults(database.name()).withTopic(topic, 1));
        relay.start();
        await(relay::healthy);
    }

    /** Appends to a tenant's log by SQL, as a feature's role. */
    private void append(String tenant, int count) {
        database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var begin = connection.prepareStatement("INSERT INTO log.head VALUES (?, 0, 0) ON CONFLICT DO NOTHING");
            begin.setString(1, tenant);
            begin.executeUpdate();
            var head = connection.prepareStatement("SELECT next_position FROM log.head WHERE tenant = ? FOR UPDATE");
            head.setString(1, tenant);
            var row = head.executeQuery();
            row.next();
            long first = row.getLong(1);
            var insert = connection.prepareStatement("INSERT INTO log.record VALUES (?, ?, 'identity', '{}', ?)");
            for (long position = first; position < first + count; position++) {
                insert.setString(1, tenant);
                insert.setLong(2, position);
                insert.setBytes(3, records.signed(tenant, position, "r" + position));
                insert.addBatch();
            }
            insert.executeBatch();
            var move = connection.prepareStatement("UPDATE log.head SET next_position = ? WHERE tenant = ?");
            move.setLong(1, first + count);
            move.setString(2, tenant);
            return move.executeUpdate();
        });
    }

    /** Lets the relay believe that it has sent these, the last at {@code offset}. */
    private void relayHasSent(Map<String, Long> lastPositions, long offset) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            for (var last : lastPositions.entrySet()) {
                var insert = connection.prepareStatement("INSERT INTO relay.progress VALUES (?, ?, 0, ?)");
                insert.setString(1, last.getKey());
                insert.setLong(2, last.getValue());
                insert.setLong(3, offset);
                insert.executeUpdate();
            }
            return true;
        });
    }

    private void ask(String tenant, long from) {
        new PositionTable(tally, database).requestRepublish(tenant, from, from);
    }

    private List<String> requests() {
        return read("SELECT tenant || ' ' || from_position || ' ' || to_position FROM relay.republish_request");
    }

    private long requestId() {
        return read("SELECT id::text FROM relay.republish_request").stream()
                .mapToLong(Long::parseLong)
                .max()
                .orElse(0);
    }

    private List<String> read(String sql) {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var found = new ArrayList<String>();
            var rows = connection.createStatement().executeQuery(sql);
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        });
    }

    private long savedOffset() {
        return database.transaction(DatabaseRole.RBAC, connection -> {
            var row = connection.createStatement().executeQuery("SELECT next_offset FROM tally.offset");
            row.next();
            return row.getLong(1);
        });
    }

    private void refuseRequests(boolean refuse) {
        String sql = (refuse
                        ? "REVOKE INSERT ON relay.republish_request FROM "
                        : "GRANT INSERT ON relay.republish_request TO ")
                + DatabaseRole.RBAC.roleName();
        try (var superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void reaches(String tenant, long position) {
        assertThat(runner.positions().await(tenant, position, BOUND))
                .as("reaches " + position)
                .isTrue();
    }

    private void assertDense(String tenant, int count) {
        List<String> seen = database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var found = new ArrayList<String>();
            var rows = connection
                    .createStatement()
                    .executeQuery("SELECT position || ' ' || request_id FROM tally.seen ORDER BY position");
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        });
        assertThat(seen)
                .containsExactlyElementsOf(LongStream.range(0, count)
                        .mapToObj(position -> position + " r" + position)
                        .toList());
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + BOUND).isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
