package dev.chancery.quickstart.backup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.quickstart.instance.LogRecords;
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
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A drill: an instance is backed up, goes on, erases a subject, and is lost with all but its Kafka directory, its key file and the copy of its keys. The cases
 * share what was lost, each on what the one before left.
 */
@LongTest
@Order(61)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BackupIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final boolean FULL = "full".equals(System.getProperty("chancery.rounds"));

    /** How many of the steps that need servers a restore is killed after; the seed says which. All of them in the long run. */
    private static final int LATE_STEPS = 4;

    private static final long SEED = Long.getLong("backup.seed", System.nanoTime());

    /** So long that no erasure is completed before the loss. */
    private static final String HORIZON = "-Dchancery.retention.horizon=PT1H";

    private static final Path DATA = RunningInstance.newDirectory("backup");
    private static final Path LOST = DATA.resolveSibling("lost");
    private static final Path SEALER = DATA.resolveSibling("data.sealer");
    private static final Path IDENTITY = DATA.resolveSibling("identity.txt");
    private static final Path BACKUP = DATA.resolveSibling("backup.age");
    private static final Path KEY_FILE = DATA.resolveSibling("key-file.age");
    /** Replaced while the instance runs. */
    private static final Path KEYS = DATA.resolveSibling("keys.age");
    /** As it was a moment before the loss. */
    private static final Path LAST_KEYS = DATA.resolveSibling("last-keys.age");

    private static RunningInstance instance;
    private static SharedInstance world;
    private static OrganisationCalls calls;
    private static Client administrator;
    private static Client founded;
    private static int port;
    private static String recipient;
    private static String unique;
    private static String grace;
    private static String keeper;
    private static String held;
    private static String newcomer;
    private static String latecomer;
    private static String secret;
    private static JsonObject lastCheckpoint;
    private static JsonArray foundedKeys;
    private static Instant lostAt;

    @BeforeAll
    static void backUpEraseGoOnAndLose() throws IOException {
        recipient =
                succeeds("backup", "--new-identity", IDENTITY.toString()).out().strip();
        instance = RunningInstance.start(
                DATA, 0, List.of("--keys-to", KEYS.toString(), "--recipient", recipient), HORIZON);
        port = Integer.parseInt(instance.http().substring(instance.http().lastIndexOf(':') + 1));
        world = SharedInstance.on(instance);
        calls = new OrganisationCalls(world);
        administrator = world.a;
        unique = UUID.randomUUID().toString();
        grace = somebody("Grace");
        keeper = somebody("Keeper");
        held = somebody("Held");

        assertThat(backsUp(BACKUP).out()).startsWith("BACKED UP ");
        backsUp(KEY_FILE, "--only-key-file");

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
        secret = "e-" + unique + "/db/password";
        String self =
                administrator.clientId().substring(administrator.clientId().indexOf('.') + 1);
        calls.done(
                administrator,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment("e-" + unique)
                        .addReaders(self)
                        .addWriters(self)
                        .setReason("It is tried out."));
        calls.done(
                administrator, WriteSecretRequest.newBuilder().setSecret(secret).setValue("the " + unique));
        founded = calls.organisation();
        assertThat(RunningInstance.await(LIMIT, () -> isWhole(head(founded)))).isTrue();
        foundedKeys = head(founded).getJsonArray("verifierKeys");
        long records = Long.parseLong(head().getString("records"));
        long foundedRecords = Long.parseLong(head(founded).getString("records"));
        assertThat(RunningInstance.await(
                        LIMIT,
                        () -> copied().getOrDefault(administrator.tenant(), 0L) >= records
                                && copied().getOrDefault(founded.tenant(), 0L) >= foundedRecords))
                .as("the keys are copied: %s", copied())
                .isTrue();
        Files.copy(KEYS, LAST_KEYS);
        latecomer = somebody("Latecomer");
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

    private static Map<String, Long> copied() {
        try {
            return InstanceAccess.logsOfKeys(KEYS, IDENTITY, SEALER);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The process is killed, its PostgreSQL too, and the directory is gone but for what somebody kept. */
    private static void lose() throws IOException {
        lostAt = Instant.now();
        instance.kill();
        List<String> postmaster = Files.readAllLines(DATA.resolve("postgres/data/postmaster.pid"));
        ProcessHandle.of(Long.parseLong(postmaster.getFirst().strip())).ifPresent(process -> {
            process.destroyForcibly();
            process.onExit().join();
        });
        Files.move(DATA, LOST);
        // Beside it, so it would be taken for the new directory's own.
        Files.move(SEALER, LOST.resolveSibling("lost.sealer"));
    }

    private static CreatePrincipalRequest.Builder person(String name) {
        return CreatePrincipalRequest.newBuilder()
                .setType(PrincipalType.USER)
                .setDisplayName(name + " " + unique)
                .setEmail(name.toLowerCase(Locale.ROOT) + "-" + unique + "@kestrel.example")
                .setPublicKey(ByteString.copyFrom(
                        Base64.getDecoder().decode(SigningKey.generate().publicKey())));
    }

    private static String somebody(String name) {
        return calls.done(administrator, person(name)).json().getString("principalId");
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
        return head(administrator);
    }

    private static JsonObject head(Client client) {
        return calls.done(client, GetCheckpointRequest.newBuilder()).json();
    }

    private static boolean isWhole(JsonObject head) {
        return Long.parseLong(head.getString("size")) == Long.parseLong(head.getString("records"));
    }

    private static Ended succeeds(String... arguments) {
        Ended ended = RunningInstance.attempt(arguments);
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        return ended;
    }

    private static Ended backsUp(Path to, String... more) {
        var arguments = new ArrayList<>(
                List.of("backup", "--data", DATA.toString(), "--to", to.toString(), "--recipient", recipient));
        arguments.addAll(List.of(more));
        return succeeds(arguments.toArray(String[]::new));
    }

    private static String[] restore(Path to, Path from, Path keyFile, String... more) {
        var arguments = new ArrayList<>(List.of(
                "restore",
                "--from",
                from.toString(),
                "--identity",
                IDENTITY.toString(),
                "--key-file",
                keyFile.toString(),
                "--data",
                to.toString()));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    private static Path lostSealer() {
        return LOST.resolveSibling("lost.sealer");
    }

    @Test
    @Order(1)
    void whatIsNotRightIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path elsewhere = RunningInstance.newDirectory("restore");
        Ended withoutTail = RunningInstance.attempt(restore(elsewhere, BACKUP, lostSealer()));
        assertThat(withoutTail.exitCode()).isEqualTo(2);
        assertThat(withoutTail.err()).contains("--accept-loss");

        byte[] altered = Files.readAllBytes(BACKUP);
        altered[altered.length / 2] ^= 1;
        Path alteredFile = Files.write(DATA.resolveSibling("altered.age"), altered);
        refuses(elsewhere, "altered", restore(elsewhere, alteredFile, lostSealer(), "--accept-loss"));
        Path shortened = Files.write(
                DATA.resolveSibling("shortened.age"), Arrays.copyOf(Files.readAllBytes(BACKUP), altered.length / 2));
        refuses(elsewhere, "cut short", restore(elsewhere, shortened, lostSealer(), "--accept-loss"));

        Path other = DATA.resolveSibling("other.sealer");
        KeyFileSealer.create(other);
        refuses(elsewhere, "did not sign it", restore(elsewhere, BACKUP, other, "--accept-loss"));
        refuses(elsewhere, "which --keys takes", restore(elsewhere, LAST_KEYS, lostSealer(), "--accept-loss"));
        refuses(
                elsewhere,
                "which --from takes",
                restore(elsewhere, BACKUP, lostSealer(), "--accept-loss", "--keys", BACKUP.toString()));
        refuses(LOST, "is not empty", restore(LOST, BACKUP, lostSealer(), "--accept-loss"));
    }

    private static void refuses(Path directory, String why, String... arguments) {
        Ended ended = RunningInstance.attempt(arguments);
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err()).contains(why);
        assertThat(directory.resolve("format").toFile().exists()).isEqualTo(directory.equals(LOST));
    }

    /** What a backup and the key file of its day give away, before the horizon and without the log since: the attack that the rest is about. */
    @Test
    @Order(2)
    void yesterdaysKeyFileAndYesterdaysBackupBringTheErasedBack() {
        Path attacked = RunningInstance.newDirectory("attack");
        Ended restored = succeeds(restore(attacked, BACKUP, KEY_FILE, "--accept-loss"));
        assertThat(restored.out())
                .contains(
                        "log " + administrator.tenant() + ": everything from record ", "accepted as lost", "RESTORED ");
        try (RunningInstance attack = RunningInstance.start(attacked, port, HORIZON)) {
            assertThat(displayName(grace)).isEqualTo("Grace " + unique);
            assertThat(attack.isAlive()).isTrue();
        }
    }

    /** The same backup, the keys of today: who was erased is in none of them. */
    @Test
    @Order(3)
    void withNewerKeysTheErasedStayForgottenAlsoWithoutTheLogSince() {
        Path attacked = RunningInstance.newDirectory("attack");
        refuses(
                attacked,
                "this key file is older than the keys",
                restore(attacked, BACKUP, KEY_FILE, "--accept-loss", "--keys", LAST_KEYS.toString()));
        succeeds(restore(attacked, BACKUP, lostSealer(), "--accept-loss", "--keys", LAST_KEYS.toString()));
        try (RunningInstance attack = RunningInstance.start(attacked, port, HORIZON)) {
            assertThat(displayName(grace)).doesNotContain(unique);
            assertThat(displayName(keeper)).isEqualTo("Keeper " + unique);
            assertThat(attack.isAlive()).isTrue();
        }
    }

    /** The backup's own keys have the erased one's. The log since says that they are to go, before anybody can read. */
    @Test
    @Order(4)
    void withTheLogSinceTheErasedAreForgottenAgainByTheBackupsOwnKeys() {
        Path replayed = RunningInstance.newDirectory("replayed");
        String said = succeeds(restore(replayed, BACKUP, KEY_FILE, "--log-from", LOST.toString()))
                .out();
        assertThat(said)
                .containsPattern("subject " + grace + " is forgotten again, keys destroyed: [1-9]")
                .contains("subject " + newcomer + ": what was sealed by keys newer than that is lost")
                .doesNotContain("subject " + held + " ", "subject " + keeper);
        try (RunningInstance restored = RunningInstance.start(replayed, port, HORIZON)) {
            assertThat(displayName(grace)).doesNotContain(unique);
            assertThat(displayName(keeper)).isEqualTo("Keeper " + unique);
            assertThat(displayName(held)).isEqualTo("Held " + unique);
            assertThat(RunningInstance.await(LIMIT, () -> states(grace).contains("KEYS_DESTROYED")))
                    .as("%s", states(grace))
                    .isTrue();
            assertThat(restored.isAlive()).isTrue();
        }
    }

    @Test
    @Order(5)
    void aRestoreThatIsKilledAfterAnyStepStandsUnfinishedAndGoesOn() {
        String[] restore =
                restore(DATA, BACKUP, lostSealer(), "--log-from", LOST.toString(), "--keys", LAST_KEYS.toString());
        List<String> steps = chosen();
        System.out.printf("backup: -Dbackup.seed=%d a restore is killed after %s%n", SEED, steps);
        String said = "";
        for (String step : steps) {
            Ended killed = RunningInstance.endAfter(step, restore);
            assertThat(killed.exitCode()).as("%s: %s", step, killed).isEqualTo(137);
            said += killed.out();
            if (step.equals("VERIFIED")) {
                assertThat(DATA.resolve("format")).doesNotExist();
            } else if (!step.equals("UNMARKED")) {
                assertThat(DATA.resolve("restoring")).exists();
            }
            if (step.equals("MARKED") || step.equals("STOPPED")) {
                Ended up = RunningInstance.attempt("up", "--data", DATA.toString(), "--port", "0");
                assertThat(up.exitCode()).isEqualTo(1);
                assertThat(up.err()).contains("a restore into ", "has not ended");
            }
        }
        assertThat(said)
                .contains("log " + administrator.tenant() + ": records ", "are back")
                .contains("subject " + latecomer + ": what was sealed by keys newer than that is lost")
                .doesNotContain(newcomer)
                .doesNotContain(held);
        System.out.printf(
                "backup: lost at %s; recovery point of records %s, of keys %s%n",
                lostAt, last(said, "recovery point: .*, of (.*)"), last(said, "keys: as of (.*)"));
        assertThat(Instant.parse(last(said, "recovery point: .*, of (.*)"))).isBetween(lostAt.minus(LIMIT), lostAt);
        assertThat(DATA.resolve("restoring")).doesNotExist();
        refuses(LOST, "is not empty", restore(LOST, BACKUP, lostSealer(), "--accept-loss"));
        instance = RunningInstance.start(DATA, port, HORIZON);
        administrator = world.signedIn(administrator.clientId(), administrator.key());
        founded = world.signedIn(founded.clientId(), founded.key());
    }

    /** What the group of a line's pattern is on the last such line. */
    private static String last(String lines, String pattern) {
        Pattern line = Pattern.compile(pattern);
        return lines.lines()
                .map(line::matcher)
                .filter(Matcher::matches)
                .map(found -> found.group(1))
                .reduce((before, after) -> after)
                .orElseThrow(() -> new AssertionError("no line is like " + pattern + ": " + lines));
    }

    /** All steps in order; of those that start servers some, unless it is the long run. */
    private static List<String> chosen() {
        List<String> all = InstanceAccess.restoreSteps();
        int servers = all.indexOf("SERVERS_STARTED");
        var late = new ArrayList<>(all.subList(servers, all.size() - 1));
        Collections.shuffle(late, new Random(SEED));
        return all.stream()
                .filter(step -> FULL
                        || all.indexOf(step) < servers
                        || step.equals(all.getLast())
                        || late.subList(0, LATE_STEPS).contains(step))
                .toList();
    }

    @Test
    @Order(6)
    void theErasedStayForgottenAndEverythingElseIsBack() throws IOException, Refused {
        assertThat(displayName(grace)).doesNotContain(unique);
        assertThat(displayName(keeper)).isEqualTo("Keeper " + unique);
        assertThat(displayName(held)).isEqualTo("Held " + unique);
        assertThat(displayName(newcomer)).isEqualTo("Newcomer " + unique);
        // It is there. The key of its name was made after the last copy of the keys, and is in none.
        assertThat(displayName(latecomer)).doesNotContain(unique);
        assertThat(calls.done(administrator, ReadSecretRequest.newBuilder().setSecret(secret))
                        .json()
                        .getString("value"))
                .isEqualTo("the " + unique);
        assertThat(states(held)).containsOnly("WITHHELD");
        assertThat(states(grace)).containsOnly("KEYS_DESTROYED");
        assertThat(head(founded).getJsonArray("verifierKeys")).isEqualTo(foundedKeys);
        assertThat(displayName(somebody("Another"))).isEqualTo("Another " + unique);
        // Its name was given after the backup.
        assertThat(calls.send(administrator, person("Newcomer")).json().getString("code"))
                .isEqualTo("identity.email-taken");

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
        Export.write((name, to) -> download(administrator, name, to), export);
        assertThat(audit("verify", export.toString())).contains("INTACT").doesNotContain("NOT INTACT");
        theInstallationsOwnLogIsIntact();
        assertThat(succeeds("replay", "--check", "--data", DATA.toString()).out())
                .contains("EQUAL")
                .doesNotContain("NOT EQUAL");
        assertThat(recorded())
                .as("the keys' copy and both backups began and ended; restores that were killed may have begun")
                .startsWith(
                        "identity.instance.backup intent",
                        "identity.instance.backup SUCCESS",
                        "identity.instance.backup intent",
                        "identity.instance.backup SUCCESS",
                        "identity.instance.backup intent",
                        "identity.instance.backup SUCCESS")
                .endsWith("identity.instance.restore SUCCESS");
    }

    /** It has the records of the backups and of the restores. */
    private static void theInstallationsOwnLogIsIntact() throws IOException, Refused {
        Client owner = world.signedIn(world.owner.clientId(), world.owner.key());
        assertThat(RunningInstance.await(LIMIT, () -> isWhole(head(owner)))).isTrue();
        Path trust = DATA.resolveSibling("instance-trust");
        Files.write(
                trust,
                head(owner).getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
        Path export = DATA.resolveSibling("instance-export");
        Export.write((name, to) -> download(owner, name, to), export);
        assertThat(audit(trust, "verify", export.toString())).contains("INTACT").doesNotContain("NOT INTACT");
    }

    @Test
    @Order(7)
    void aBackupThatIsKilledAfterAnyStepIsWholeOrNotThere() {
        for (String step : InstanceAccess.backupSteps()) {
            Path to = DATA.resolveSibling("killed-" + step + ".age");
            Ended killed = RunningInstance.endAfter(
                    step, "backup", "--data", DATA.toString(), "--to", to.toString(), "--recipient", recipient);
            assertThat(killed.exitCode()).as("%s: %s", step, killed).isEqualTo(137);
            boolean whole = step.equals("NAMED") || step.equals("OUTCOME_RECORDED");
            assertThat(Files.exists(to)).as(step).isEqualTo(whole);
            if (!whole) {
                // What a killed one left is in nobody's way.
                backsUp(to);
            }
        }
    }

    /** Behind the horizon: the key above the erased one's is destroyed, and with it all older keys. What they sealed is not. */
    @Test
    @Order(8)
    void afterTheHorizonOlderKeysOpenNothingAndTheOlderBackupOpensWithNewerOnes() {
        instance.stop();
        instance = RunningInstance.start(DATA, port);
        erase(keeper);
        assertThat(RunningInstance.await(LIMIT, () -> states(keeper).stream().allMatch("COMPLETED"::equals)))
                .as("%s", states(keeper))
                .isTrue();
        Path keys = DATA.resolveSibling("keys-after.age");
        backsUp(keys, "--only-keys");
        instance.stop();
        Path elsewhere = RunningInstance.newDirectory("late");
        Path keyFile = DATA.resolveSibling("data.sealer");
        refuses(
                elsewhere,
                "no longer has the key that sealed this backup",
                restore(elsewhere, BACKUP, keyFile, "--accept-loss"));
        refuses(
                elsewhere,
                "no longer has the key that sealed this backup",
                restore(elsewhere, BACKUP, keyFile, "--accept-loss", "--keys", LAST_KEYS.toString()));
        aKafkaDirectoryThatIsOlderThanTheKeysIsNoticed(keyFile, keys);
        String restored = succeeds(
                        restore(elsewhere, BACKUP, keyFile, "--log-from", DATA.toString(), "--keys", keys.toString()))
                .out();
        assertThat(restored).contains("keys that are lost: 0, of 0 owners");
        System.out.println("backup: whole restore: " + last(restored, "RESTORED \\S+ (.*)"));
        instance = RunningInstance.start(elsewhere, port);
        assertThat(displayName(held)).isEqualTo("Held " + unique);
        assertThat(displayName(newcomer)).isEqualTo("Newcomer " + unique);
        assertThat(displayName(keeper)).doesNotContain(unique);
        assertThat(displayName(grace)).doesNotContain(unique);
        assertThat(states(keeper)).containsOnly("COMPLETED");
    }

    /** It has no record of the erasure, and the keys say that there is more. */
    private static void aKafkaDirectoryThatIsOlderThanTheKeysIsNoticed(Path keyFile, Path keys) {
        Path behind = RunningInstance.newDirectory("behind");
        String[] restore = restore(behind, BACKUP, keyFile, "--log-from", LOST.toString(), "--keys", keys.toString());
        Ended refused = RunningInstance.attempt(restore);
        assertThat(refused.exitCode()).as("%s", refused).isEqualTo(1);
        assertThat(refused.out())
                .containsPattern("log " + administrator.tenant() + ": records \\d+ to \\d+ are missing");
        assertThat(refused.err()).contains("the Kafka directory is older than the keys", "--accept-loss");
        assertThat(behind.resolve("restoring")).exists();
        Ended accepted = succeeds(
                Stream.concat(Stream.of(restore), Stream.of("--accept-loss")).toArray(String[]::new));
        assertThat(accepted.out()).contains("accepted as lost", "RESTORED ");
    }

    private static List<String> recorded() {
        try (var inside = InstanceAccess.to(DATA)) {
            return inside.database().transaction(DatabaseRole.RELAY, connection -> {
                var found = new ArrayList<String>();
                try (var query = connection.prepareStatement(
                                "SELECT record FROM log.record WHERE tenant = 'instance' ORDER BY position");
                        var rows = query.executeQuery()) {
                    while (rows.next()) {
                        Statement statement = LogRecords.statement(rows.getBytes(1));
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
        return audit(DATA.resolveSibling("trust"), command);
    }

    private static String audit(Path trust, String... command) {
        var out = new ByteArrayOutputStream();
        var print = new PrintStream(out, true, UTF_8);
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--trust", trust.toString()));
        dev.chancery.auditor.Main.run(arguments.toArray(String[]::new), print, print);
        return out.toString(UTF_8);
    }

    private static void download(Client reader, String name, Path to) throws IOException {
        Reply reply = world.wire.http("GET", "/ledger/v1/" + name, reader.headers(), new byte[0]);
        assertThat(reply.succeeded()).as("%s: %s", name, reply.status()).isTrue();
        Files.write(to, reply.body());
    }
}
