package dev.chancery.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.DatabaseRole;
import dev.chancery.testkit.Backing;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class RelayTest extends WithRelay {
    @Test
    void everyRecordArrivesOnceAndEachTenantsInOrder() {
        start();
        for (int round = 0; round < 20; round++) {
            tenants.append(a, 1);
            tenants.append(b, 3);
            tenants.append(c, 7);
        }
        List<ConsumerRecord<byte[], byte[]>> records = read(220);
        assertThat(records).hasSize(220);
        assertDense(records, a, 20);
        assertDense(records, b, 60);
        assertDense(records, c, 140);
        await(() -> relay.lagRecords() == 0);
    }

    @Test
    void aRecordIsTheRowsBytesUnderItsTenantsKey() {
        start();
        tenants.append(a, 2);
        List<ConsumerRecord<byte[], byte[]>> records = read(2);
        for (int position = 0; position < 2; position++) {
            ConsumerRecord<byte[], byte[]> record = records.get(position);
            assertThat(record.value()).isEqualTo(Tenants.record(a, position, "test"));
            assertThat(record.partition()).isEqualTo(Topic.partitionOf(a, 3));
            assertThat(TopicReader.position(record)).isEqualTo(position);
        }
        assertThat(kind(records.get(0))).isEqualTo("intent");
        assertThat(kind(records.get(1))).isEqualTo("outcome");
    }

    @Test
    void anotherTenantsTransactionThatCommitsLateMovesNobody() {
        start();
        database.inTenant(DatabaseRole.IDENTITY, a, slow -> {
            Tenants.append(slow, a, 2);
            tenants.append(b, 5);
            assertDense(read(5), b, 5);
            return true;
        });
        assertDense(read(7), a, 2);
    }

    @Test
    void whatWasCommittedWhileItWasStoppedArrivesOnce() {
        start();
        tenants.append(a, 5);
        read(5);
        relay.close();
        tenants.append(a, 300);
        tenants.append(b, 4);
        start();
        tenants.append(a, 1);
        List<ConsumerRecord<byte[], byte[]>> records = read(310);
        assertDense(records, a, 306);
        assertDense(records, b, 4);
    }

    @Test
    void lostProgressIsFoundAgainAtTheEndOfTheTopic() {
        start();
        tenants.append(a, 5);
        read(5);
        relay.close();
        database.transaction(
                DatabaseRole.RELAY,
                connection -> connection.createStatement().executeUpdate("DELETE FROM relay.progress"));
        start();
        tenants.append(a, 1);
        assertDense(read(6), a, 6);
    }

    @Test
    void whatTheWriteAheadLogLeftOutComesFromTheTable() {
        start();
        tenants.append(a, 3);
        read(3);
        relay.close();
        tenants.append(a, 250);
        try (RelaySession run = RelaySession.open(database, kafka, options)) {
            run.publisher().catchUp(Map.of(a, 252L));
            run.publisher().catchUp(Map.of(a, 100L));
        }
        assertDense(read(253), a, 253);
    }

    @Test
    void aRangeIsRepublishedFromTheTableForWhoeverAsksInItsTenant() {
        start();
        tenants.append(a, 5);
        read(5);
        database.inTenant(DatabaseRole.RBAC, a, connection -> connection
                .createStatement()
                .executeUpdate("INSERT INTO relay.republish_request (tenant, from_position, to_position) VALUES ('" + a
                        + "', 1, 9)"));
        assertThat(TopicReader.positions(read(9), a)).containsExactly(0L, 1L, 2L, 3L, 4L, 1L, 2L, 3L, 4L);
        await(() -> database.transaction(DatabaseRole.RELAY, connection -> !connection
                .createStatement()
                .executeQuery("SELECT FROM relay.republish_request")
                .next()));
    }

    @Test
    void aRangeLongerThanABatchIsRepublishedWhole() {
        start();
        tenants.append(a, 250);
        read(250);
        database.inTenant(DatabaseRole.RBAC, a, connection -> connection
                .createStatement()
                .executeUpdate("INSERT INTO relay.republish_request (tenant, from_position, to_position) VALUES ('" + a
                        + "', 0, 249)"));
        assertThat(TopicReader.positions(read(500), a).subList(250, 500))
                .containsExactlyElementsOf(LongStream.range(0, 250).boxed().toList());
        await(() -> database.transaction(DatabaseRole.RELAY, connection -> !connection
                .createStatement()
                .executeQuery("SELECT FROM relay.republish_request")
                .next()));
    }

    @Test
    void whatKafkaHasLostOfItsEndIsSentAgain() {
        start();
        tenants.append(a, 3);
        read(3);
        relay.close();
        tenants.append(a, 1);
        int partition = Topic.partitionOf(a, 3);
        try (RelaySession run = RelaySession.open(database, kafka, options)) {
            // As if Kafka had acknowledged more than it has now.
            run.progress().advance(Map.of(c, new Progress.Mark(0, partition, 1_000)));
            assertThatThrownBy(() -> run.publisher().catchUp(Map.of(a, 3L)))
                    .hasMessage("the topic's end went back: partition " + partition);
            assertThat(run.progress().nextOffset(partition)).isZero();
        }
        tenants.append(c, 1);
        start();
        tenants.append(a, 1);
        List<ConsumerRecord<byte[], byte[]>> records = read(6);
        assertDense(records, a, 5);
        assertDense(records, c, 1);
    }

    @Test
    void aHoleInTheLogHoldsItsTenantAndWhatIsNotToBeSeenYetHoldsNobody() throws SQLException {
        start();
        relay.close();
        asSuperuser("SET session_replication_role = replica; UPDATE log.head SET next_position = 1 WHERE tenant = '" + a
                + "'");
        try (RelaySession run = RelaySession.open(database, kafka, options)) {
            assertThatThrownBy(() -> run.publisher().catchUp(Map.of(a, 0L, b, 0L)))
                    .hasMessage("committed records not yet visible in the table: [" + b + "]");
            assertThat(run.publisher().stopped()).containsExactly(a);
        }
        assertThat(forkedAt(a)).isZero();
        assertThat(forkedAt(b)).isEqualTo(-1);
    }

    @Test
    void everythingArrivesWhenPostgresIsKilledAndComesBack() {
        start();
        tenants.append(a, 50);
        read(50);
        Backing.postgres().kill();
        Backing.postgres().restart();
        await(() -> appended(b, 20));
        await(() -> appended(a, 30));
        List<ConsumerRecord<byte[], byte[]>> records = read(100);
        assertDense(records, a, 80);
        assertDense(records, b, 20);
        await(relay::healthy);
        assertThat(relay.lagRecords()).isZero();
    }

    @Test
    void itsThreadsEndWithIt() {
        start();
        relay.close();
        await(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("chancery-relay")
                        || thread.getName().startsWith("kafka-producer")
                        || thread.getName().startsWith("debezium")));
    }

    @Test
    void aRecordThatContradictsItsRowHoldsItsTenantAndNoOther() {
        start();
        database.inTenant(DatabaseRole.IDENTITY, a, connection -> {
            try (var insert = connection.prepareStatement("INSERT INTO log.record VALUES (?, 0, 'identity', '{}', ?);"
                    + " UPDATE log.head SET next_position = 1 WHERE tenant = ?")) {
                insert.setString(1, a);
                insert.setBytes(2, Tenants.record(b, 0, "test"));
                insert.setString(3, a);
                return insert.executeUpdate();
            }
        });
        tenants.append(b, 2);
        assertThat(read(2)).hasSize(2);
        assertThat(relay.stoppedTenants()).isEqualTo(1);
        assertThat(relay.healthy()).isTrue();
        assertThat(forkedAt(a)).isZero();
    }

    @Test
    void aSlotThatIsGoneIsMadeAnewAndTheTableFillsTheGap() throws SQLException {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        tenants.append(a, 2);
        asSuperuser("SELECT pg_drop_replication_slot('" + options.slot() + "')");
        start();
        tenants.append(a, 1);
        assertDense(read(5), a, 5);
    }

    @Test
    void aSecondRelayWaitsForTheFirstToEnd() {
        start();
        Relay first = relay;
        Relay second = new Relay(database, connection, options);
        second.start();
        tenants.append(a, 3);
        read(3);
        assertThat(second.healthy()).isFalse();
        first.close();
        relay = second;
        await(second::healthy);
        tenants.append(a, 3);
        assertDense(read(6), a, 6);
    }

    @Test
    void anIdleSlotLetsGoOfTheWriteAheadLog() throws SQLException {
        start();
        tenants.append(a, 1);
        read(1);
        asSuperuser("CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 20000)");
        await(() -> slotRetainedBytes() < 5_000_000);
    }

    private long slotRetainedBytes() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var row = connection
                    .createStatement()
                    .executeQuery("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint"
                            + " FROM pg_replication_slots WHERE slot_name = '" + options.slot() + "'");
            row.next();
            return row.getLong(1);
        });
    }

    private boolean appended(String tenant, int count) {
        try {
            tenants.append(tenant, count);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    private static String kind(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.headers().lastHeader("kind").value(), StandardCharsets.US_ASCII);
    }
}
