package dev.chancery.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.Record;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** What a start finds in Kafka and in PostgreSQL, and what it makes of it. */
class ReconciliationTest extends WithRelay {
    @Test
    void aKafkaThatIsAheadIsRefused() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        produce(a, signed(a, 2, "test"));
        assertThatThrownBy(this::start)
                .isInstanceOf(RelayRefused.class)
                .hasMessageStartingWith(
                        "Kafka is ahead of PostgreSQL: " + a + "@2 is in " + options.topic() + " and not in the log");
    }

    @Test
    void messagesOfNoLogAreFoundAndPassedOver() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        String unknown = UUID.randomUUID().toString();
        // PostgreSQL does not even take such a string.
        String impossible = "z\0";
        produce(unknown, Tenants.record(unknown, 0, "forged"));
        produce(impossible, Tenants.record(impossible, 0, "forged"));
        produce(a, Tenants.record(unknown, 2, "forged"));
        tenants.append(a, 1);
        start();
        assertThat(TopicReader.positions(read(6), a)).containsExactly(0L, 1L, -1L, 2L);
        assertThat(relay.stoppedTenants()).isZero();
    }

    @Test
    void aCommittedEntryWithOtherBodiesIsPassedOver() throws Exception {
        start();
        byte[] committed = signed(a, 0, "test");
        database.inTenant(DatabaseRole.IDENTITY, a, append -> {
            try (var insert = append.prepareStatement("INSERT INTO log.record VALUES (?, 0, 'identity', '{}', ?)");
                    var move = append.prepareStatement("UPDATE log.head SET next_position = 1 WHERE tenant = ?")) {
                insert.setString(1, a);
                insert.setBytes(2, committed);
                insert.executeUpdate();
                move.setString(1, a);
                return move.executeUpdate();
            }
        });
        read(1);
        relay.close();
        produce(
                a,
                Record.parseFrom(committed).toBuilder()
                        .addBodies(ByteString.copyFromUtf8("altered"))
                        .build()
                        .toByteArray());
        tenants.append(a, 1);
        start();
        assertThat(TopicReader.positions(read(3), a)).containsExactly(0L, -1L, 1L);
        assertThat(relay.stoppedTenants()).isZero();
    }

    @Test
    void repairTellsForeignMessagesFromRecordsThatPostgresqlHasLost() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        await(() -> relay.lagRecords() == 0);
        relay.close();
        var repair = new TopicRepair(database, connection, options);
        assertThat(repair.findings(message -> {})).isEmpty();

        var aside = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        produce(a, Tenants.record(a, 2, "forged"));
        assertThat(repair.findings(aside::add)).singleElement().asString().endsWith("messages that are in no log: 1");
        assertThat(aside).hasSize(1);
        assertThat(repair.contradictions()).isZero();

        produce(a, signed(a, 2, "lost"));
        assertThat(repair.findings(message -> {})).anyMatch(finding -> finding.contains("PostgreSQL lacks"));
        assertThat(repair.contradictions()).isEqualTo(1);
    }

    @Test
    void aForkStopsItsTenantAndNoOther() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        produce(a, signed(a, 2, "forged"));
        tenants.append(a, 2);
        start();
        tenants.append(b, 4);
        assertDense(read(7), b, 4);
        assertThat(TopicReader.positions(read(7), a)).containsExactly(0L, 1L, -1L);
        assertThat(relay.stoppedTenants()).isEqualTo(1);
        assertThat(forkedAt(a)).isEqualTo(2);
    }

    @Test
    void whatIsBehindAForkIsNotTakenForAKafkaThatIsAhead() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        produce(a, signed(a, 2, "forged"));
        produce(a, signed(a, 3, "forged"));
        tenants.append(a, 1);
        start();
        assertThat(forkedAt(a)).isEqualTo(2);
    }

    @Test
    void aForkedTenantStaysHeldAfterTheNextStart() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        produce(a, signed(a, 2, "forged"));
        tenants.append(a, 2);
        start();
        relay.close();
        start();
        assertThat(relay.stoppedTenants()).isEqualTo(1);
    }

    @Test
    void whatNobodySignedIsNoForkAndMakesNoKafkaThatIsAhead() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        String unknown = UUID.randomUUID().toString();
        produce(a, Tenants.record(a, 1, "forged"));
        produce(a, Tenants.record(a, 2, "forged"));
        produce(a, Tenants.record(a, 7, "forged"));
        produce(a, signed(b, 2, "of another log"));
        produce(unknown, Tenants.record(unknown, 0, "forged"));
        produce("no log's NAME\0", Tenants.record(a, 2, "forged"));
        tenants.append(a, 2);
        start();
        assertThat(relay.stoppedTenants()).isZero();
        assertThat(forkedAt(a)).isEqualTo(-1);
        assertThat(read(10).stream().map(ConsumerRecord::value))
                .contains(Tenants.record(a, 2, "test"), Tenants.record(a, 3, "test"));
    }

    @Test
    void aMessageThatIsNoRecordIsPassedOver() throws Exception {
        start();
        tenants.append(a, 1);
        read(1);
        relay.close();
        produce(a, new byte[] {1, 2, 3});
        tenants.append(a, 1);
        start();
        assertThat(TopicReader.positions(read(3), a)).containsExactly(0L, -1L, 1L);
    }

    @Test
    void whileTheRelayRefusesNothingIsAppended() throws Exception {
        start();
        tenants.append(a, 2);
        read(2);
        relay.close();
        produce(a, signed(a, 2, "test"));
        assertThat(isInStep()).isTrue();
        assertThatThrownBy(this::start).isInstanceOf(RelayRefused.class);
        assertThat(isInStep()).isFalse();
        tenants.append(a, 1);
        start();
        assertThat(isInStep()).isTrue();
    }

    @Test
    void anotherServerIsRefused() throws SQLException {
        start();
        relay.close();
        asSuperuser("UPDATE log.reconciled SET system_identifier = system_identifier + 1");
        assertThatThrownBy(this::start)
                .isInstanceOf(RelayRefused.class)
                .hasMessage("PostgreSQL is another server than Kafka was filled from: see docs/how-to/repair.md");
    }

    @Test
    void anotherTimelineIsRefused() throws SQLException {
        start();
        relay.close();
        asSuperuser("UPDATE log.reconciled SET timeline = timeline + 1");
        assertThatThrownBy(this::start)
                .isInstanceOf(RelayRefused.class)
                .hasMessage("PostgreSQL is on another timeline than Kafka was filled from: see docs/how-to/repair.md");
    }

    @Test
    void anotherNumberOfPartitionsIsRefused() {
        start();
        relay.close();
        relay = new Relay(database, connection, options.withTopic(options.topic(), 4));
        assertThatThrownBy(relay::start)
                .isInstanceOf(RelayRefused.class)
                .hasMessage("The topic " + options.topic() + " has 3 partitions, not 4");
    }

    @Test
    void anotherTopicOfTheSameNameIsRefused() throws SQLException {
        start();
        relay.close();
        asSuperuser("UPDATE relay.topic SET topic_id = 'another'");
        assertThatThrownBy(this::start)
                .isInstanceOf(RelayRefused.class)
                .hasMessage("The topic " + options.topic()
                        + " is another one than before, it was deleted and created again:"
                        + " stop everything and let `./chancery repair` make it anew");
    }

    /** What append looks at. */
    private boolean isInStep() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var row = connection.createStatement().executeQuery("SELECT in_step FROM log.reconciled");
            return row.next() && row.getBoolean(1);
        });
    }
}
