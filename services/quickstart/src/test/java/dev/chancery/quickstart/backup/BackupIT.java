package dev.chancery.quickstart.backup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.retention.v1.EraseSubjectRequest;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.ListErasuresRequest;
import dev.chancery.schema.retention.v1.SetHoldRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A drill: an instance is backed up, goes on, erases a subject, and is lost with all but its Kafka directory and its key file. The cases share what
 * was lost, each on what the one before left.
 */
@Order(61)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BackupIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** So long that no erasure is completed before the loss. */
    private static final String HORIZON = "-Dchancery.retention.horizon=PT1H";

    private static final Path DATA = RunningInstance.newDirectory("backup");
    private static final Path LOST = DATA.resolveSibling("lost");
    private static final Path SEALER = DATA.resolveSibling("data.sealer");
    private static final Path IDENTITY = DATA.resolveSibling("identity.txt");
    private static final Path BACKUP = DATA.resolveSibling("backup.age");
    private static final Path KEY_STORE = DATA.resolveSibling("key-store.age");

    private static RunningInstance instance;
    private static SharedInstance world;
    private static OrganisationCalls calls;
    private static Client administrator;
    private static int port;
    private static String recipient;
    private static String unique;
    private static String grace;
    private static String keeper;
    private static String held;
    private static String newcomer;
    private static JsonObject lastCheckpoint;

    @BeforeAll
    static void backUpEraseGoOnAndLose() throws IOException {
        instance = RunningInstance.start(DATA, HORIZON);
        port = Integer.parseInt(instance.http().substring(instance.http().lastIndexOf(':') + 1));
        world = SharedInstance.on(instance);
        calls = new OrganisationCalls(world);
        administrator = world.a;
        unique = UUID.randomUUID().toString();
        grace = somebody("Grace");
        keeper = somebody("Keeper");
        held = somebody("Held");

        recipient = succeeds("backup", "--new-identity", IDENTITY.toString()).out().strip();
        assertThat(succeeds("backup", "--data", DATA.toString(), "--to", BACKUP.toString(), "--recipient", recipient)
                        .out())
                .startsWith("BACKED UP ");
        succeeds(
                "backup",
                "--only-key-store",
                "--data",
                DATA.toString(),
                "--to",
                KEY_STORE.toString(),
                "--recipient",
                recipient);

        calls.done(
                administrator,
                SetHoldRequest.newBuilder()
                        .setPrincipalId(held)
                        .setMatter("Kestrel/2026-17")
                        .setReviewMillis(Instant.now().plus(Duration.ofDays(90)).toEpochMilli())
                        .setReason("The court asks for it."));
        erase(held);
        erase(grace);
        assertThat(RunningInstance.await(LIMIT, () -> states(grace).stream().allMatch("KEYS_DESTROYED"::equals)))
                .as("%s", states(grace))
                .isTrue();
        newcomer = somebody("Newcomer");
        assertThat(RunningInstance.await(LIMIT, () -> isWhole(head()))).isTrue();
        lastCheckpoint = head();
        Files.write(
                DATA.resolveSibling("trust"),
                lastCheckpoint.getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
        Files.writeString(DATA.resolveSibling("from"), lastCheckpoint.getString("checkpoint"));
        lose();
    }

    @AfterAll
    static void stop() {
        instance.close();
    }

    /** The process is killed, its PostgreSQL too, and the directory is gone but for what somebody kept. */
    private static void lose() throws IOException {
        instance.kill();
        List<String> postmaster = Files.readAllLines(DATA.resolve("postgres/data/postmaster.pid"));
        ProcessHandle.of(Long.parseLong(postmaster.getFirst().strip())).ifPresent(process -> {
            process.destroyForcibly();
            process.onExit().join();
        });
        Files.move(DATA, LOST);
    }

    private static String somebody(String name) {
        return calls.done(
                        administrator,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.USER)
                                .setDisplayName(name + " " + unique)
                                .setEmail(name.toLowerCase(java.util.Locale.ROOT) + "-" + unique + "@kestrel.example")
                                .setPublicKey(ByteString.copyFrom(Base64.getDecoder()
                                        .decode(SigningKey.generate().publicKey()))))
                .json()
                .getString("principalId");
    }

    private static void erase(String subject) {
        calls.done(
                administrator,
                EraseSubjectRequest.newBuilder()
                        .setPrincipalId(subject)
                        .setGround(ErasureGround.ERASURE_GROUND_REQUEST)
                        .setReason("The subject asked for it."));
    }

    private static Stream<JsonObject> objects(Message.Builder request, String name) {
        return calls.done(administrator, request).json().getJsonArray(name, new JsonArray()).stream()
                .map(JsonObject.class::cast);
    }

    private static List<String> states(String subject) {
        return objects(ListErasuresRequest.newBuilder().setPrincipalId(subject), "erasures")
                .map(each -> each.getString("state").replace("ERASURE_STATE_", ""))
                .toList();
    }

    private static String displayName(String principal) {
        return objects(ListPrincipalsRequest.newBuilder(), "principals")
                .filter(each -> each.getString("principalId").equals(principal))
                .map(each -> each.getString("displayName", ""))
                .findFirst()
                .orElseThrow();
    }

    private static JsonObject head() {
        return calls.done(administrator, GetCheckpointRequest.newBuilder()).json();
    }

    private static boolean isWhole(JsonObject head) {
        return Long.parseLong(head.getString("size")) == Long.parseLong(head.getString("records"));
    }

    private static Ended succeeds(String... arguments) {
        Ended ended = RunningInstance.attempt(arguments);
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        return ended;
    }

    private static String[] restore(Path to, Path from, Path keyStore, String... more) {
        var arguments = new ArrayList<>(List.of(
                "restore",
                "--from",
                from.toString(),
                "--identity",
                IDENTITY.toString(),
                "--key-store",
                keyStore.toString(),
                "--data",
                to.toString()));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    @Test
    @Order(1)
    void whatIsNotRightIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path elsewhere = RunningInstance.newDirectory("restore");
        Ended withoutTail = RunningInstance.attempt(restore(elsewhere, BACKUP, SEALER));
        assertThat(withoutTail.exitCode()).isEqualTo(2);
        assertThat(withoutTail.err()).contains("--accept-loss");

        byte[] altered = Files.readAllBytes(BACKUP);
        altered[altered.length / 2] ^= 1;
        Path alteredFile = Files.write(DATA.resolveSibling("altered.age"), altered);
        refuses(elsewhere, "altered", restore(elsewhere, alteredFile, SEALER, "--accept-loss"));
        Path shortened = Files.write(
                DATA.resolveSibling("shortened.age"),
                java.util.Arrays.copyOf(Files.readAllBytes(BACKUP), altered.length / 2));
        refuses(elsewhere, "cut short", restore(elsewhere, shortened, SEALER, "--accept-loss"));

        Path other = DATA.resolveSibling("other.sealer");
        dev.chancery.keyring.KeyFileSealer.create(other);
        refuses(elsewhere, "did not sign it", restore(elsewhere, BACKUP, other, "--accept-loss"));
        refuses(LOST, "is not empty", restore(LOST, BACKUP, SEALER, "--accept-loss"));
        assertThat(succeeds("backup", "--new-identity", DATA.resolveSibling("another.txt").toString())
                        .out())
                .startsWith("age1");
    }

    private static void refuses(Path directory, String why, String... arguments) {
        Ended ended = RunningInstance.attempt(arguments);
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err()).contains(why);
        assertThat(directory.resolve("format").toFile().exists()).isEqualTo(directory.equals(LOST));
    }

    /** What a backup and the key store of its day give away, before the horizon and without the log since: the attack that the rest is about. */
    @Test
    @Order(2)
    void yesterdaysKeyStoreAndYesterdaysBackupBringTheErasedBack() {
        Path attacked = RunningInstance.newDirectory("attack");
        Ended restored = succeeds(restore(attacked, BACKUP, KEY_STORE, "--accept-loss"));
        assertThat(restored.out())
                .contains("log " + administrator.tenant() + ": everything from record ", "accepted as lost", "RESTORED ");
        try (RunningInstance attack = RunningInstance.start(attacked, port, HORIZON)) {
            assertThat(displayName(grace)).isEqualTo("Grace " + unique);
            assertThat(attack.isAlive()).isTrue();
        }
    }

    @Test
    @Order(3)
    void aRestoreThatIsKilledStandsUnfinishedAndGoesOn() {
        String[] restore = restore(DATA, BACKUP, SEALER, "--log-from", LOST.toString());
        for (int millis : new int[] {700, 1_500, 3_000, 5_000}) {
            RunningInstance.attemptAndKill(Duration.ofMillis(millis), restore);
            if (Files.exists(DATA.resolve("restoring"))) {
                Ended up = RunningInstance.attempt("up", "--data", DATA.toString(), "--port", "0");
                assertThat(up.exitCode()).isEqualTo(1);
                assertThat(up.err()).contains("a restore into ", "has not ended");
            } else {
                assertThat(DATA.resolve("format")).doesNotExist();
            }
        }
        Ended restored = succeeds(restore);
        assertThat(restored.out())
                .contains("log " + administrator.tenant() + ": records ", "are back", "RESTORED ")
                .contains("subject " + grace + " is forgotten again")
                .doesNotContain(held);
        assertThat(DATA.resolve("restoring")).doesNotExist();
        instance = RunningInstance.start(DATA, port, HORIZON);
    }

    @Test
    @Order(4)
    void theErasedStayForgottenAndEverythingElseIsBack() throws IOException, Refused {
        assertThat(displayName(grace)).doesNotContain(unique);
        assertThat(displayName(keeper)).isEqualTo("Keeper " + unique);
        assertThat(displayName(held)).isEqualTo("Held " + unique);
        // It is there. The key of its name was made after the backup, and is in none.
        assertThat(displayName(newcomer)).doesNotContain(unique);
        assertThat(states(held)).containsOnly("WITHHELD");
        assertThat(states(grace)).containsOnly("KEYS_DESTROYED");
        assertThat(displayName(somebody("Another"))).isEqualTo("Another " + unique);

        assertThat(RunningInstance.await(LIMIT, () -> isWhole(head()))).isTrue();
        assertThat(Long.parseLong(head().getString("size")))
                .isGreaterThan(Long.parseLong(lastCheckpoint.getString("size")));
        Files.writeString(
                DATA.resolveSibling("proof"),
                calls.done(
                                administrator,
                                GetConsistencyProofRequest.newBuilder()
                                        .setOldSize(Long.parseLong(lastCheckpoint.getString("size"))))
                        .json()
                        .getString("proof"));
        assertThat(audit(
                        "consistency",
                        "--proof",
                        DATA.resolveSibling("proof").toString(),
                        "--from",
                        DATA.resolveSibling("from").toString()))
                .endsWith("\nPROVEN\n");
        Path export = DATA.resolveSibling("export");
        Export.write(BackupIT::download, export);
        assertThat(audit("verify", export.toString())).contains("INTACT").doesNotContain("NOT INTACT");
        assertThat(succeeds("replay", "--check", "--data", DATA.toString()).out())
                .contains("EQUAL")
                .doesNotContain("NOT EQUAL");
        assertThat(recorded())
                .as("both backups began and ended; restores that were killed may have begun")
                .startsWith(
                        "identity.instance.backup intent",
                        "identity.instance.backup SUCCESS",
                        "identity.instance.backup intent",
                        "identity.instance.backup SUCCESS")
                .endsWith("identity.instance.restore SUCCESS");
    }

    /** Behind the horizon: the key above the erased one's is destroyed, and with it every backup from before. */
    @Test
    @Order(5)
    void afterTheHorizonTheOlderBackupOpensNothingWithTheKeyStoreOfToday() {
        instance.stop();
        instance = RunningInstance.start(DATA, port);
        erase(keeper);
        assertThat(RunningInstance.await(LIMIT, () -> states(keeper).stream().allMatch("COMPLETED"::equals)))
                .as("%s", states(keeper))
                .isTrue();
        Path elsewhere = RunningInstance.newDirectory("late");
        refuses(
                elsewhere,
                "no longer has the key that sealed this backup",
                restore(elsewhere, BACKUP, SEALER, "--accept-loss"));

        Path next = DATA.resolveSibling("next.age");
        instance.stop();
        for (int millis : new int[] {700, 2_000, 4_000}) {
            RunningInstance.attemptAndKill(
                    Duration.ofMillis(millis),
                    "backup",
                    "--data",
                    DATA.toString(),
                    "--to",
                    DATA.resolveSibling("killed-" + millis + ".age").toString(),
                    "--recipient",
                    recipient);
            // Whole, or not there.
            Path killed = DATA.resolveSibling("killed-" + millis + ".age");
            if (Files.exists(killed)) {
                succeeds(restore(
                        RunningInstance.newDirectory("killed"), killed, SEALER, "--log-from", DATA.toString()));
            }
        }
        succeeds("backup", "--data", DATA.toString(), "--to", next.toString(), "--recipient", recipient);
        succeeds(restore(elsewhere, next, SEALER, "--log-from", DATA.toString()));
    }

    private static List<String> recorded() {
        try (var inside = InstanceAccess.to(DATA)) {
            return inside.database().transaction(DatabaseRole.RELAY, connection -> {
                var found = new ArrayList<String>();
                try (var query = connection.prepareStatement(
                                "SELECT record FROM log.record WHERE tenant = 'instance' ORDER BY position");
                        var rows = query.executeQuery()) {
                    while (rows.next()) {
                        Statement statement = SharedInstance.statement(rows.getBytes(1));
                        if (statement.getAction().matches("identity\\.instance\\.(backup|restore)")) {
                            found.add(statement.getAction() + " "
                                    + (statement.hasIntent()
                                            ? "intent"
                                            : statement.getOutcome().getResult().name()));
                        }
                    }
                }
                return found;
            });
        }
    }

    private static String audit(String... command) {
        var out = new ByteArrayOutputStream();
        var print = new PrintStream(out, true, UTF_8);
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--trust", DATA.resolveSibling("trust").toString()));
        dev.chancery.auditor.Main.run(arguments.toArray(String[]::new), print, print);
        return out.toString(UTF_8);
    }

    private static void download(String name, Path to) throws IOException {
        Reply reply = world.wire.http("GET", "/ledger/v1/" + name, administrator.headers(), new byte[0]);
        assertThat(reply.succeeded()).as("%s: %s", name, reply.status()).isTrue();
        Files.write(to, reply.body());
    }
}
