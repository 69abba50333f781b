package dev.chancery.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.schema.log.v1.Pulse;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.testkit.Backing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RelayTest {
    private static final Duration BOUND = Duration.ofSeconds(30);

    private final Database database = Backing.database("keyring", "log", "relay");
    private final Map<String, Object> connection =
            Map.of("bootstrap.servers", Backing.kafka().bootstrapServers());
    private final KafkaClients kafka = new KafkaClients(connection);
    private final Tenants tenants = new Tenants(database);
    private final String a = UUID.randomUUID().toString();
    private final String b = UUID.randomUUID().toString();
    private final String c = UUID.randomUUID().toString();
    private RelayOptions options;
    private Relay relay;
    private Signer source;

    private byte[] signed(String tenant, long position, String requestId) {
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
    void aPulseSaysHowFarTheTopicIsComplete() {
        start();
        tenants.append(a, 3);
        long committedMicros = System.currentTimeMillis() * 1000;
        int partition = Topic.partitionOf(a, 3);
        Pulse pulse = pulseAfter(committedMicros);
        assertThat(pulse.getNextOffsetsList()).hasSize(3);
        assertThat(pulse.getNextOffsets(partition)).isEqualTo(3);
        tenants.append(a, 4);
        assertThat(pulseAfter(System.currentTimeMillis() * 1000).getNextOffsets(partition))
                .isEqualTo(7);
    }

    @Test
    void aMessageThatAnybodyPutsIntoTheWriteAheadLogIsNoMark() {
        start();
        database.transaction(DatabaseRole.RBAC, connection -> connection
                .createStatement()
                .execute("SELECT pg_logical_emit_message(true, 'chancery.pulse', '9999999999999999'),"
                        + " pg_logical_emit_message(true, 'chancery.pulse', 'no number')"));
        tenants.append(a, 1);
        read(1);
        List<ConsumerRecord<byte[], byte[]>> pulses = pulsesUntil(System.currentTimeMillis() * 1000);
        assertThat(pulses).allMatch(pulse -> pulse(pulse).getAtMicros() < 9_999_999_999_999_999L);
        assertThat(relay.healthy()).isTrue();
    }

    @Test
    void noPulseOvertakesACommittedRecord() {
        start();
        var committedByMicros = new ArrayList<Long>();
        for (int i = 0; i < 200; i++) {
            tenants.append(a, 1);
            // This clock has milliseconds: by the next one it was committed for sure.
            committedByMicros.add((System.currentTimeMillis() + 1) * 1000);
        }
        List<ConsumerRecord<byte[], byte[]>> pulses = pulsesUntil(committedByMicros.getLast());
        assertThat(pulses).hasSizeGreaterThan(2);
        for (ConsumerRecord<byte[], byte[]> record : pulses) {
            Pulse pulse = pulse(record);
            long committed = committedByMicros.stream()
                    .filter(micros -> micros <= pulse.getAtMicros())
                    .count();
            assertThat(pulse.getNextOffsets(Topic.partitionOf(a, 3))).isGreaterThanOrEqualTo(committed);
        }
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

    /** All pulses up to the first that speaks of a later time. */
    private List<ConsumerRecord<byte[], byte[]>> pulsesUntil(long micros) {
        try (var reader = new TopicReader(Backing.kafka().bootstrapServers(), options.pulseTopic())) {
            return reader.readUntil(
                    pulses -> !pulses.isEmpty() && pulse(pulses.getLast()).getAtMicros() > micros, BOUND);
        }
    }

    private Pulse pulseAfter(long micros) {
        return pulsesUntil(micros).stream()
                .map(RelayTest::pulse)
                .filter(pulse -> pulse.getAtMicros() > micros)
                .findFirst()
                .orElseThrow();
    }

    private static Pulse pulse(ConsumerRecord<byte[], byte[]> record) {
        try {
            return Pulse.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
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

    /** What append looks at. */
    private boolean isInStep() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var row = connection.createStatement().executeQuery("SELECT in_step FROM log.reconciled");
            return row.next() && row.getBoolean(1);
        });
    }

    private long forkedAt(String tenant) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var row = connection.createStatement().executeQuery("SELECT coalesce(forked_at, -1) FROM log.head");
            row.next();
            return row.getLong(1);
        });
    }

    private void start() {
        relay = new Relay(database, connection, options);
        relay.start();
        await(relay::healthy);
    }

    private boolean appended(String tenant, int count) {
        try {
            tenants.append(tenant, count);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    private List<ConsumerRecord<byte[], byte[]>> read(int count) {
        try (var reader = new TopicReader(Backing.kafka().bootstrapServers(), options.topic())) {
            return reader.read(count);
        }
    }

    private void produce(String tenant, byte[] record) throws ExecutionException, InterruptedException {
        try (var producer = kafka.producer(BOUND, Map.of())) {
            producer.send(new ProducerRecord<>(
                            options.topic(),
                            Topic.partitionOf(tenant, options.partitions()),
                            tenant.getBytes(StandardCharsets.UTF_8),
                            record))
                    .get();
        }
    }

    private void asSuperuser(String sql) throws SQLException {
        try (var superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String kind(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.headers().lastHeader("kind").value(), StandardCharsets.US_ASCII);
    }

    private static void assertDense(List<ConsumerRecord<byte[], byte[]>> records, String tenant, int count) {
        assertThat(TopicReader.positions(records, tenant))
                .containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + BOUND).isLessThan(deadline);
            java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
        }
    }
}
