package dev.chancery.projection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.testkit.Backing;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProjectionRunnerTest {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final int PARTITIONS = 2;

    private final Database database = Backing.database("keyring", "log", "relay", "tally", "tally_again");
    private final Properties kafka = new Properties();
    private final ProjectionOptions options = new ProjectionOptions(
            "",
            Duration.ofSeconds(10),
            PARTITIONS,
            Duration.ofMillis(20),
            50,
            20,
            Duration.ofMillis(50),
            Duration.ofMillis(200));
    private final Tally tally = new Tally("tally", DatabaseRole.RBAC);
    private final String a = UUID.randomUUID().toString();
    private final String b = UUID.randomUUID().toString();
    private String topic;
    private Records records;
    private Republisher republisher;
    private ProjectionRunner runner;

    @BeforeEach
    void given() {
        kafka.setProperty("bootstrap.servers", Backing.kafka().bootstrapServers());
        topic = Backing.topic("log.v1", PARTITIONS, Map.of());
        records = new Records(kafka, topic, database);
        republisher = new Republisher(database, records);
    }

    @AfterEach
    void stop() {
        if (runner != null) {
            runner.close();
        }
        republisher.close();
        records.close();
        database.close();
    }

    @Test
    void eachTenantsRecordsAreAppliedOnceAndInOrder() {
        start();
        for (int position = 0; position < 100; position++) {
            records.send(a, position);
            records.send(b, position);
        }
        reaches(a, 99);
        reaches(b, 99);
        assertDense(a, 100);
        assertDense(b, 100);
        await(() -> Long.valueOf(99).equals(tally.committed.get(a)));
    }

    @Test
    void whatIsAtOrBelowTheLastPositionIsDropped() {
        start();
        records.send(a, 0, 1, 2, 1, 2, 0, 3);
        reaches(a, 3);
        assertDense(a, 4);
        assertThat(tally.again).hasValue(3);
    }

    @Test
    void whatComesTooEarlyWaitsForItsTurnAndOthersGoOn() {
        start();
        records.send(a, 0, 1, 3, 4);
        records.send(b, 0, 1);
        reaches(b, 1);
        reaches(a, 1);
        await(() -> runner.waitingTenants() == 1);
        records.send(a, 2);
        reaches(a, 4);
        assertDense(a, 5);
        await(() -> runner.waitingTenants() == 0);
    }

    @Test
    void whatWasLetGoBehindALongGapIsReadAgain() {
        start();
        records.range(a, 1, 60);
        await(() -> runner.waitingTenants() == 1);
        records.send(a, 0);
        reaches(a, 60);
        assertDense(a, 61);
        await(() -> runner.waitingTenants() == 0);
    }

    @Test
    void aGapThatKafkaHasNotIsRepublishedByTheRelay() {
        start();
        records.send(a, 0, 3);
        await(() -> requested(a, 1, 2));
        records.send(a, 1, 2);
        reaches(a, 3);
        assertDense(a, 4);
    }

    @Test
    void aRestartBehindAGapLosesNothing() {
        start();
        records.send(a, 0, 2, 3);
        await(() -> runner.waitingTenants() == 1);
        runner.close();
        records.send(a, 1);
        start();
        reaches(a, 3);
        assertDense(a, 4);
    }

    @Test
    void aRestartGoesOnWhereItEnded() {
        start();
        records.range(a, 0, 30);
        reaches(a, 30);
        runner.close();
        int again = tally.again.get();
        records.range(a, 31, 40);
        start();
        reaches(a, 40);
        assertDense(a, 41);
        assertThat(tally.again).hasValue(again);
    }

    @Test
    void whatWasCommittedIsAnnouncedAgainAfterARestart() {
        start();
        records.range(a, 0, 3);
        reaches(a, 3);
        runner.close();
        tally.committed.clear();
        start();
        await(() -> Long.valueOf(3).equals(tally.committed.get(a)));
    }

    @Test
    void whatWasCommittedBeforeAFailureIsAnnouncedAllTheSame() {
        start();
        records.range(a, 0, 3);
        reaches(a, 3);
        await(() -> Long.valueOf(3).equals(tally.committed.get(a)));
        tally.committed.clear();
        tally.failing = b;
        tally.failure = new DatabaseUnavailable(new SQLException("thrown on purpose", "08006"));
        records.send(b, 0);
        await(() -> !runner.healthy());
        tally.failure = null;
        reaches(b, 0);
        await(() -> Long.valueOf(3).equals(tally.committed.get(a)));
    }

    @Test
    void viewAndPositionChangeTogetherOrNotAtAll() {
        tally.failing = a;
        tally.failure = new IllegalStateException("thrown on purpose");
        start();
        records.send(a, 0, 1);
        records.send(b, 0, 1);
        reaches(b, 1);
        await(() -> runner.waitingTenants() == 1);
        assertThat(seen("tally", DatabaseRole.RBAC, a)).isEmpty();
        assertThat(runner.positions().of(a)).isEqualTo(-1);
        tally.failure = null;
        reaches(a, 1);
        assertDense(a, 2);
    }

    @Test
    void aForkStopsItsTenantAndNoOther() {
        begin(a);
        start();
        records.send(a, 0, 1);
        reaches(a, 1);
        records.sendRaw(a, records.signed(a, 1, "another"));
        records.send(a, 2);
        await(() -> runner.health().stoppedTenants() == 1);
        records.send(b, 0, 1);
        reaches(b, 1);
        assertThat(runner.positions().of(a)).isEqualTo(1);
        assertThat(stoppedBecause(a)).isEqualTo("1 fork");
        assertThat(forkedAt(a)).isEqualTo(1);
        runner.close();
        start();
        assertThat(runner.health().stoppedTenants())
                .as("known before a record comes")
                .isEqualTo(1);
        records.send(b, 2);
        reaches(b, 2);
        assertThat(runner.positions().of(a)).isEqualTo(1);
    }

    @Test
    void whatIsNoRecordIsPassedOverAndCountedAndTheTrueRecordIsApplied() {
        start();
        records.send(a, 0);
        reaches(a, 0);
        byte[] genuine = records.signed(a, 1, "r1");
        records.sendRaw(a, Records.record(a, 1, "forged"));
        records.sendRaw(a, new byte[] {1, 2, 3});
        records.sendRaw(a, null);
        records.sendRaw("no tenant at all", genuine);
        records.sendRaw(b, genuine);
        records.sendRaw(topic, a.getBytes(UTF_8), 1 - partitionOf(a), genuine);
        byte[] altered = records.signed(a, 2, "r2");
        altered[altered.length - 1] ^= 1;
        records.sendRaw(a, altered);
        records.send(a, 1, 2);
        records.send(b, 0);
        reaches(a, 2);
        reaches(b, 0);
        assertDense(a, 3);
        assertDense(b, 1);
        var counts = Map.of(
                "unsigned",
                1L,
                "malformed",
                1L,
                "empty",
                1L,
                "key",
                1L,
                "other-log",
                1L,
                "partition",
                1L,
                "altered",
                1L);
        await(() -> runner.health().passedOver().equals(counts));
        assertThat(runner.health().stoppedTenants()).isZero();
        assertThat(runner.waitingTenants()).isZero();
        runner.close();
        start();
        records.send(b, 1);
        reaches(b, 1);
        assertThat(runner.health().passedOver()).isEqualTo(counts);
    }

    private int partitionOf(String tenant) {
        return new LogTopic(new KafkaClients(kafka), topic, options).partitionOf(tenant);
    }

    @Test
    void nothingIsSkippedWhilePostgresIsDown() {
        start();
        records.range(a, 0, 9);
        reaches(a, 9);
        Backing.postgres().kill();
        records.range(a, 10, 19);
        await(() -> !runner.healthy());
        Backing.postgres().restart();
        reaches(a, 19);
        assertDense(a, 20);
        await(runner::healthy);
    }

    @Test
    void aTenantMovesToWhoeverHasItsPartition() {
        start();
        records.range(a, 0, 9);
        records.range(b, 0, 9);
        reaches(a, 9);
        reaches(b, 9);
        try (var second = new ProjectionRunner(tally, Records.INSTANCE, database, kafka, topic, options)) {
            second.start();
            await(second::healthy);
            records.range(a, 10, 19);
            records.range(b, 10, 19);
            reaches(a, 19);
            reaches(b, 19);
        }
        records.range(a, 20, 29);
        records.range(b, 20, 29);
        reaches(a, 29);
        reaches(b, 29);
        assertDense(a, 30);
        assertDense(b, 30);
    }

    @Test
    void aWaitEndsWithTheCommitOrItsBound() {
        start();
        assertThat(runner.positions().of(a)).isEqualTo(-1);
        assertThat(runner.positions().await(a, 0, Duration.ofMillis(60))).isFalse();
        records.send(a, 0);
        assertThat(runner.positions().await(a, 0, BOUND)).isTrue();
        var elsewhere = new Positions(database, DatabaseRole.RBAC, "tally");
        assertThat(elsewhere.await(a, 0, BOUND)).isTrue();
        assertThat(elsewhere.await(a, 1, Duration.ofMillis(60))).isFalse();
    }

    @Test
    void aRebuildEqualsTheLiveView() {
        start();
        records.range(a, 0, 70);
        records.send(b, 0, 2, 1, 1, 3);
        records.range(b, 5, 40);
        records.send(b, 4);
        reaches(a, 70);
        reaches(b, 40);
        var again = new Tally("tally_again", DatabaseRole.REPLAY);
        var rebuild = new Rebuild(again, Records.INSTANCE, database, kafka, topic, options);
        assertThat(rebuild.upTo(Map.of(a, 60L, b, 40L), BOUND)).isEqualTo(Map.of(a, 60L, b, 40L));
        assertThat(seen("tally_again", DatabaseRole.REPLAY, a))
                .isEqualTo(seen("tally", DatabaseRole.RBAC, a).subList(0, 61));
        assertThat(seen("tally_again", DatabaseRole.REPLAY, b)).isEqualTo(seen("tally", DatabaseRole.RBAC, b));
    }

    @Test
    void aRebuildSaysHowFarTheTopicReaches() {
        records.send(a, 0, 1, 3);
        var rebuild = new Rebuild(
                new Tally("tally_again", DatabaseRole.REPLAY), Records.INSTANCE, database, kafka, topic, options);
        assertThat(rebuild.upTo(Map.of(a, 3L), BOUND)).isEqualTo(Map.of(a, 1L));
    }

    @Test
    void anotherNumberOfPartitionsIsRefused() {
        runner = new ProjectionRunner(tally, Records.INSTANCE, database, kafka, topic, options.withPartitions(7));
        assertThatThrownBy(runner::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The topic " + topic + " has 2 partitions, not 7");
    }

    private void start() {
        runner = new ProjectionRunner(tally, Records.INSTANCE, database, kafka, topic, options);
        runner.start();
        await(runner::healthy);
    }

    private void reaches(String tenant, long position) {
        assertThat(runner.positions().await(tenant, position, BOUND))
                .as("reaches " + position)
                .isTrue();
    }

    private void assertDense(String tenant, int count) {
        assertThat(seen("tally", DatabaseRole.RBAC, tenant))
                .containsExactlyElementsOf(LongStream.range(0, count)
                        .mapToObj(position -> position + " r" + position)
                        .toList());
    }

    private List<String> seen(String schema, DatabaseRole role, String tenant) {
        return database.inTenant(role, tenant, connection -> {
            var found = new ArrayList<String>();
            var rows = connection
                    .createStatement()
                    .executeQuery("SELECT position || ' ' || request_id FROM " + schema + ".seen ORDER BY position");
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        });
    }

    private String stoppedBecause(String tenant) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var query = connection.prepareStatement(
                    "SELECT stopped_at || ' ' || stopped_because FROM tally.position WHERE tenant = ?");
            query.setString(1, tenant);
            var row = query.executeQuery();
            row.next();
            return row.getString(1);
        });
    }

    private long forkedAt(String tenant) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var row = connection
                    .createStatement()
                    .executeQuery("SELECT forked_at FROM log.head WHERE forked_at IS NOT NULL");
            row.next();
            return row.getLong(1);
        });
    }

    private void begin(String tenant) {
        database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var insert = connection.prepareStatement("INSERT INTO log.head VALUES (?, 0, 0)");
            insert.setString(1, tenant);
            return insert.executeUpdate();
        });
    }

    private boolean requested(String tenant, long from, long to) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var row = connection
                    .createStatement()
                    .executeQuery("SELECT from_position, to_position FROM relay.republish_request");
            return row.next() && row.getLong(1) == from && row.getLong(2) == to;
        });
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + BOUND).isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
