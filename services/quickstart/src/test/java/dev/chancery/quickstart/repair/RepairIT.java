package dev.chancery.quickstart.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.app.Settings;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Whatever becomes of Kafka, {@code repair --apply} brings it back out of PostgreSQL: the instance starts, replay finds views and ledger
 * equal, the auditor finds the log intact. The cases share one data directory, each on what the one before left. Topics that are gone and
 * records and messages that are wrong are tried by every build, what else may become of them by {@code -Pfull}.
 */
@LongTest
@Order(60)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RepairIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Of log in ten seconds without a topic. */
    private static final int MAX_LOG_CHARS = 200_000;

    private static final String CHECKPOINTS = "ledger.checkpoints.v1";
    private static final Path DATA = RunningInstance.newDirectory("repair");
    private static RunningInstance instance;
    private static SharedInstance world;
    private static SharedInstance.Client organisation;
    private static Path trust;
    private static int repairs;

    @BeforeAll
    static void anInstanceWithALog() throws IOException {
        instance = RunningInstance.start(DATA);
        world = SharedInstance.on(instance);
        organisation = world.a;
        trust = DATA.resolveSibling("trust.vkey");
        Files.write(
                trust,
                head().getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
    }

    @AfterAll
    static void stop() {
        world.close();
        instance.close();
    }

    @Test
    @Order(1)
    @EnabledIfSystemProperty(named = "chancery.rounds", matches = "full", disabledReason = "run by -Pfull")
    void aDeletedPulseTopicComesBackByItself() throws Exception {
        try (Admin admin = administrator()) {
            delete(admin, Settings.PULSE_TOPIC);
        }
        assertThat(RunningInstance.await(LIMIT, () -> instance.logText().contains("the heartbeat could not be sent")))
                .as("the relay notices")
                .isTrue();
        assertThat(RunningInstance.await(LIMIT, () -> health().status() == 200))
                .as("healthy again")
                .isTrue();
    }

    @Test
    @Order(2)
    void deletedTopicsAreMadeAgain() throws Exception {
        try (Admin admin = administrator()) {
            delete(admin, Settings.LOG_TOPIC, Settings.PULSE_TOPIC, CHECKPOINTS);
        }
        assertThat(RunningInstance.await(LIMIT, () -> health().text().contains("the topic log.v1 is gone")))
                .as("health says so")
                .isTrue();
        int said = instance.logText().length();
        assertThat(RunningInstance.await(
                        Duration.ofSeconds(10), () -> instance.logText().length() > said + MAX_LOG_CHARS))
                .as("loops that fail don't rest")
                .isFalse();
        instance.stop();
        RunningInstance.Ended start = RunningInstance.attempt("up", "--data", DATA.toString(), "--port", "0");
        assertThat(start.exitCode()).isEqualTo(1);
        assertThat(start.err()).contains("log.v1 is gone").contains("chancery repair");
        RunningInstance.Ended replay = RunningInstance.attempt("replay", "--check", "--data", DATA.toString());
        assertThat(replay.exitCode()).isEqualTo(1);
        assertThat(replay.out()).contains("NOT EQUAL").contains("chancery repair");
        repairs("log.v1 is gone", "lacks", CHECKPOINTS);
    }

    @Test
    @Order(3)
    void foreignMessagesArePutAsideAndDeletedRecordsComeBack() throws Exception {
        byte[] tenant = organisation.tenant().getBytes(StandardCharsets.UTF_8);
        byte[] record = records(organisation.tenant()).getFirst();
        try (var producer = new KafkaClients(client("admin")).producer(LIMIT, Map.of())) {
            for (int partition = 0; partition < 4; partition++) {
                for (var foreign : List.of(
                        new ProducerRecord<byte[], byte[]>(Settings.LOG_TOPIC, partition, null, null),
                        new ProducerRecord<>(Settings.LOG_TOPIC, partition, new byte[] {'z'}, record),
                        new ProducerRecord<>(Settings.LOG_TOPIC, partition, new byte[] {'z'}, new byte[] {1, 2, 3}))) {
                    KafkaClients.await(producer.send(foreign), LIMIT);
                }
            }
            KafkaClients.await(producer.send(new ProducerRecord<>(Settings.LOG_TOPIC, tenant, null)), LIMIT);
        }
        try (Admin admin = administrator()) {
            var before = new HashMap<TopicPartition, RecordsToDelete>();
            for (int partition = 0; partition < 4; partition++) {
                before.put(new TopicPartition(Settings.LOG_TOPIC, partition), RecordsToDelete.beforeOffset(2));
            }
            KafkaClients.await(admin.deleteRecords(before).all(), LIMIT);
        }
        assertThat(RunningInstance.await(LIMIT, () -> health().text().contains("records were deleted")))
                .as("health says so")
                .isTrue();
        instance.stop();
        repairs("was deleted", "messages that are in no log");
        try (var files = Files.list(DATA)) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith("repair-")))
                    .hasSize(1);
        }
    }

    @Test
    @Order(4)
    @EnabledIfSystemProperty(named = "chancery.rounds", matches = "full", disabledReason = "run by -Pfull")
    void garbageUnderALogsKeyIsPutAside() throws Exception {
        byte[] tenant = organisation.tenant().getBytes(StandardCharsets.UTF_8);
        try (var producer = new KafkaClients(client("admin")).producer(LIMIT, Map.of())) {
            for (byte[] garbage : List.of(new byte[0], "garbage".getBytes(StandardCharsets.UTF_8))) {
                KafkaClients.await(producer.send(new ProducerRecord<>(Settings.LOG_TOPIC, tenant, garbage)), LIMIT);
            }
            KafkaClients.await(producer.send(new ProducerRecord<>(Settings.LOG_TOPIC, tenant, null)), LIMIT);
        }
        instance.stop();
        repairs("messages that are in no log: 3");
    }

    @Test
    @Order(5)
    @EnabledIfSystemProperty(named = "chancery.rounds", matches = "full", disabledReason = "run by -Pfull")
    void deletedCheckpointsArePublishedAgain() throws Exception {
        try (Admin admin = administrator()) {
            delete(admin, CHECKPOINTS);
        }
        instance.stop();
        repairs(CHECKPOINTS + " lacks");
    }

    @Test
    @Order(6)
    @EnabledIfSystemProperty(named = "chancery.rounds", matches = "full", disabledReason = "run by -Pfull")
    void aLostDirectoryIsFilledAgain() throws Exception {
        Files.move(DATA.resolve("kafka"), DATA.resolveSibling("kafka.lost"));
        assertThat(RunningInstance.await(Duration.ofSeconds(30), () -> !instance.isAlive()))
                .as("ends, and gives the directory free")
                .isTrue();
        repairs("log.v1 is gone");
    }

    @Test
    @Order(7)
    @EnabledIfSystemProperty(named = "chancery.rounds", matches = "full", disabledReason = "run by -Pfull")
    void aTruncatedSegmentIsFilledAgain() throws Exception {
        instance.stop();
        for (int partition = 0; partition < 4; partition++) {
            Path segment = DATA.resolve("kafka/data/log.v1-" + partition + "/00000000000000000000.log");
            try (var file = new RandomAccessFile(segment.toFile(), "rw")) {
                file.setLength(file.length() / 2);
            }
        }
        repairs("log.v1 lacks records");
    }

    /** The preview changes nothing and names the command, the command repairs, and everything is as if nothing had happened. */
    private static void repairs(String... found) throws IOException, Refused {
        RunningInstance.Ended preview = RunningInstance.attempt("repair", "--data", DATA.toString());
        assertThat(preview.exitCode()).as("%s", preview).isEqualTo(1);
        assertThat(preview.out()).contains(found).contains("repair --apply");
        RunningInstance.Ended repaired = RunningInstance.attempt("repair", "--apply", "--data", DATA.toString());
        assertThat(repaired.exitCode()).as("%s", repaired).isZero();
        assertThat(repaired.out()).endsWith("REPAIRED\n");
        RunningInstance.Ended again = RunningInstance.attempt("repair", "--data", DATA.toString());
        assertThat(again.exitCode()).as("%s", again).isZero();
        assertThat(again.out()).isEqualTo("NOTHING TO REPAIR\n");
        repairs++;

        instance = RunningInstance.start(
                DATA, Integer.parseInt(instance.http().substring(instance.http().lastIndexOf(':') + 1)));
        world.renewed(organisation);
        assertThat(recorded())
                .as("intent and outcome of each repair")
                .containsExactlyElementsOf(Collections.nCopies(repairs, List.of("intent", "SUCCESS")).stream()
                        .flatMap(List::stream)
                        .toList());
        long size = Long.parseLong(head().getString("size"));
        Path export = DATA.resolveSibling("export-" + System.nanoTime());
        Export.write(RepairIT::download, export);
        var said = new ByteArrayOutputStream();
        try (var print = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            int code = dev.chancery.auditor.Main.run(
                    new String[] {"verify", export.toString(), "--trust", trust.toString()}, print, print);
            assertThat(code).as("%s", said.toString(StandardCharsets.UTF_8)).isZero();
        }
        RunningInstance.Ended replay = RunningInstance.attempt("replay", "--check", "--data", DATA.toString());
        assertThat(replay.out()).as("%s", replay).contains("EQUAL").doesNotContain("NOT EQUAL");
        assertThat(size).isPositive();
    }

    /** What the installation's log says of repairs, in order. */
    private static List<String> recorded() throws IOException {
        var said = new ArrayList<String>();
        for (byte[] row : records("instance")) {
            byte[] entry = Record.parseFrom(row).getEntry().toByteArray();
            Statement statement =
                    Statement.parser().parseFrom(entry, 1, EntryFrame.of(entry).statementBytes());
            if (statement.getAction().equals("identity.instance.repair")) {
                said.add(
                        statement.hasIntent()
                                ? "intent"
                                : statement.getOutcome().getResult().name());
            }
        }
        return said;
    }

    private static List<byte[]> records(String tenant) {
        try (var inside = InstanceAccess.to(DATA)) {
            return inside.database().transaction(DatabaseRole.RELAY, connection -> {
                var found = new ArrayList<byte[]>();
                try (var query = connection.prepareStatement(
                        "SELECT record FROM log.record WHERE tenant = ? ORDER BY position")) {
                    query.setString(1, tenant);
                    try (var rows = query.executeQuery()) {
                        while (rows.next()) {
                            found.add(rows.getBytes(1));
                        }
                    }
                }
                return found;
            });
        }
    }

    private static Properties client(String user) {
        try (var inside = InstanceAccess.to(DATA)) {
            return inside.kafkaClient(user);
        }
    }

    private static Admin administrator() {
        return Admin.create(client("admin"));
    }

    private static void delete(Admin admin, String... topics) {
        KafkaClients.await(admin.deleteTopics(List.of(topics)).all(), LIMIT);
    }

    private record Health(int status, String text) {}

    private static Health health() {
        try (var wire = new RawClient(instance)) {
            Reply reply = wire.http("GET", "/q/health/ready", Map.of(), new byte[0]);
            return new Health(reply.status(), new String(reply.body(), StandardCharsets.UTF_8));
        }
    }

    private static JsonObject head() {
        try (var wire = new RawClient(instance)) {
            return wire.http("GET", "/ledger/v1/head", organisation.headers(), new byte[0])
                    .json();
        }
    }

    private static void download(String name, Path to) throws IOException {
        try (var wire = new RawClient(instance)) {
            Reply reply = wire.http("GET", "/ledger/v1/" + name, organisation.headers(), new byte[0]);
            assertThat(reply.succeeded()).as("%s: %s", name, reply.status()).isTrue();
            Files.write(to, reply.body());
        }
    }
}
