package dev.chancery.quickstart.backup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.instance.LogRecords;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.testkit.LongTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** A drill: an instance is lost, and restored. The cases share what was lost, each on what the one before left. */
@LongTest
@Order(61)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BackupIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final boolean FULL = "full".equals(System.getProperty("chancery.rounds"));

    /** How many of the steps that need servers a restore is killed after; the seed says which. All of them in the long run. */
    private static final int LATE_STEPS = 4;

    private static final long SEED = Long.getLong("backup.seed", System.nanoTime());

    private static LostInstance lost;

    @BeforeAll
    static void backUpEraseGoOnAndLose() throws IOException {
        lost = new LostInstance();
    }

    @AfterAll
    static void stop() {
        lost.instance.close();
    }

    @Test
    @Order(1)
    void whatIsNotRightIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path elsewhere = RunningInstance.newDirectory("restore");
        Ended withoutTail = RunningInstance.attempt(lost.restore(elsewhere, lost.backup, lost.lostSealer()));
        assertThat(withoutTail.exitCode()).isEqualTo(2);
        assertThat(withoutTail.err()).contains("--accept-loss");
        byte[] altered = Files.readAllBytes(lost.backup);
        altered[altered.length / 2] ^= 1;
        Path alteredFile = Files.write(lost.data.resolveSibling("altered.age"), altered);
        refuses(elsewhere, "altered", lost.restore(elsewhere, alteredFile, lost.lostSealer(), "--accept-loss"));
        Path shortened = Files.write(
                lost.data.resolveSibling("shortened.age"),
                Arrays.copyOf(Files.readAllBytes(lost.backup), altered.length / 2));
        refuses(elsewhere, "cut short", lost.restore(elsewhere, shortened, lost.lostSealer(), "--accept-loss"));
        Path other = lost.data.resolveSibling("other.sealer");
        KeyFileSealer.create(other);
        refuses(elsewhere, "did not sign it", lost.restore(elsewhere, lost.backup, other, "--accept-loss"));
        refuses(
                elsewhere,
                "which --keys takes",
                lost.restore(elsewhere, lost.lastKeys, lost.lostSealer(), "--accept-loss"));
        refuses(
                elsewhere,
                "which --from takes",
                lost.restore(
                        elsewhere, lost.backup, lost.lostSealer(), "--accept-loss", "--keys", lost.backup.toString()));
        refuses(
                lost.remains,
                "is not empty",
                lost.restore(lost.remains, lost.backup, lost.lostSealer(), "--accept-loss"));
    }

    private static void refuses(Path directory, String why, String... arguments) {
        Ended ended = RunningInstance.attempt(arguments);
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err()).contains(why);
        assertThat(directory.resolve("format").toFile().exists()).isEqualTo(directory.equals(lost.remains));
    }

    /** What a backup and the key file of its day give away, before the horizon and without the log since: the attack that the rest is about. */
    @Test
    @Order(2)
    void yesterdaysKeyFileAndYesterdaysBackupBringTheErasedBack() {
        Path attacked = RunningInstance.newDirectory("attack");
        Ended restored = LostInstance.succeeds(lost.restore(attacked, lost.backup, lost.keyFile, "--accept-loss"));
        assertThat(restored.out())
                .contains(
                        "log " + lost.administrator.tenant() + ": everything from record ",
                        "accepted as lost",
                        "RESTORED ");
        try (RunningInstance attack = RunningInstance.start(attacked, lost.port, LostInstance.HORIZON)) {
            assertThat(lost.displayName(lost.grace)).isEqualTo("Grace " + lost.unique);
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
                lost.restore(attacked, lost.backup, lost.keyFile, "--accept-loss", "--keys", lost.lastKeys.toString()));
        LostInstance.succeeds(lost.restore(
                attacked, lost.backup, lost.lostSealer(), "--accept-loss", "--keys", lost.lastKeys.toString()));
        try (RunningInstance attack = RunningInstance.start(attacked, lost.port, LostInstance.HORIZON)) {
            assertThat(lost.displayName(lost.grace)).doesNotContain(lost.unique);
            assertThat(lost.displayName(lost.keeper)).isEqualTo("Keeper " + lost.unique);
            assertThat(attack.isAlive()).isTrue();
        }
    }

    /** The backup's own keys have the erased one's. The log since says that they are to go, before anybody can read. */
    @Test
    @Order(4)
    void withTheLogSinceTheErasedAreForgottenAgainByTheBackupsOwnKeys() {
        Path replayed = RunningInstance.newDirectory("replayed");
        String said = LostInstance.succeeds(
                        lost.restore(replayed, lost.backup, lost.keyFile, "--log-from", lost.remains.toString()))
                .out();
        assertThat(said)
                .containsPattern("subject " + lost.grace + " is forgotten again, keys destroyed: [1-9]")
                .contains("subject " + lost.newcomer + ": what was sealed by keys newer than that is lost")
                .doesNotContain("subject " + lost.held + " ", "subject " + lost.keeper);
        try (RunningInstance restored = RunningInstance.start(replayed, lost.port, LostInstance.HORIZON)) {
            assertThat(lost.displayName(lost.grace)).doesNotContain(lost.unique);
            assertThat(lost.displayName(lost.keeper)).isEqualTo("Keeper " + lost.unique);
            assertThat(lost.displayName(lost.held)).isEqualTo("Held " + lost.unique);
            assertThat(RunningInstance.await(
                            LIMIT, () -> lost.states(lost.grace).contains("KEYS_DESTROYED")))
                    .as("%s", lost.states(lost.grace))
                    .isTrue();
            assertThat(restored.isAlive()).isTrue();
        }
    }

    @Test
    @Order(5)
    void aRestoreThatIsKilledAfterAnyStepStandsUnfinishedAndGoesOn() {
        String[] restore = lost.restore(
                lost.data,
                lost.backup,
                lost.lostSealer(),
                "--log-from",
                lost.remains.toString(),
                "--keys",
                lost.lastKeys.toString());
        List<String> steps = chosen();
        System.out.printf("backup: -Dbackup.seed=%d a restore is killed after %s%n", SEED, steps);
        String said = "";
        for (String step : steps) {
            Ended killed = RunningInstance.endAfter(step, restore);
            assertThat(killed.exitCode()).as("%s: %s", step, killed).isEqualTo(137);
            said += killed.out();
            if (step.equals("VERIFIED")) {
                assertThat(lost.data.resolve("format")).doesNotExist();
            } else if (!step.equals("UNMARKED")) {
                assertThat(lost.data.resolve("restoring")).exists();
            }
            if (step.equals("MARKED") || step.equals("STOPPED")) {
                Ended up = RunningInstance.attempt("up", "--data", lost.data.toString(), "--port", "0");
                assertThat(up.exitCode()).isEqualTo(1);
                assertThat(up.err()).contains("a restore into ", "has not ended");
            }
        }
        assertThat(said)
                .contains("log " + lost.administrator.tenant() + ": records ", "are back")
                .contains("subject " + lost.latecomer + ": what was sealed by keys newer than that is lost")
                .doesNotContain(lost.newcomer)
                .doesNotContain(lost.held);
        System.out.printf(
                "backup: lost at %s; recovery point of records %s, of keys %s%n",
                lost.lostAt, last(said, "recovery point: .*, of (.*)"), last(said, "keys: as of (.*)"));
        assertThat(Instant.parse(last(said, "recovery point: .*, of (.*)")))
                .isBetween(lost.lostAt.minus(LIMIT), lost.lostAt);
        assertThat(lost.data.resolve("restoring")).doesNotExist();
        refuses(
                lost.remains,
                "is not empty",
                lost.restore(lost.remains, lost.backup, lost.lostSealer(), "--accept-loss"));
        lost.instance = RunningInstance.start(lost.data, lost.port, LostInstance.HORIZON);
        lost.administrator = lost.world.signedIn(lost.administrator.clientId(), lost.administrator.key());
        lost.founded = lost.world.signedIn(lost.founded.clientId(), lost.founded.key());
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
        assertThat(lost.displayName(lost.grace)).doesNotContain(lost.unique);
        assertThat(lost.displayName(lost.keeper)).isEqualTo("Keeper " + lost.unique);
        assertThat(lost.displayName(lost.held)).isEqualTo("Held " + lost.unique);
        assertThat(lost.displayName(lost.newcomer)).isEqualTo("Newcomer " + lost.unique);
        // It is there. The key of its name was made after the last copy of the keys, and is in none.
        assertThat(lost.displayName(lost.latecomer)).doesNotContain(lost.unique);
        assertThat(lost.calls
                        .done(lost.administrator, ReadSecretRequest.newBuilder().setSecret(lost.secret))
                        .json()
                        .getString("value"))
                .isEqualTo("the " + lost.unique);
        assertThat(lost.states(lost.held)).containsOnly("WITHHELD");
        assertThat(lost.states(lost.grace)).containsOnly("KEYS_DESTROYED");
        assertThat(lost.head(lost.founded).getJsonArray("verifierKeys")).isEqualTo(lost.foundedKeys);
        assertThat(lost.displayName(lost.somebody("Another"))).isEqualTo("Another " + lost.unique);
        // Its name was given after the backup.
        assertThat(lost.calls
                        .send(lost.administrator, lost.person("Newcomer"))
                        .json()
                        .getString("code"))
                .isEqualTo("identity.email-taken");

        assertThat(RunningInstance.await(LIMIT, () -> LostInstance.isWhole(lost.head())))
                .isTrue();
        assertThat(Long.parseLong(lost.head().getString("size")))
                .isGreaterThan(Long.parseLong(lost.lastCheckpoint.getString("size")));
        Files.writeString(
                lost.data.resolveSibling("proof"),
                lost.calls
                        .done(
                                lost.administrator,
                                GetConsistencyProofRequest.newBuilder()
                                        .setOldSize(Long.parseLong(lost.lastCheckpoint.getString("size"))))
                        .json()
                        .getString("proof"));
        assertThat(audit(
                        "consistency",
                        "--proof",
                        lost.data.resolveSibling("proof").toString(),
                        "--from",
                        lost.data.resolveSibling("from").toString()))
                .endsWith("\nPROVEN\n");
        Path export = lost.data.resolveSibling("export");
        Export.write((name, to) -> download(lost.administrator, name, to), export);
        assertThat(audit("verify", export.toString())).contains("INTACT").doesNotContain("NOT INTACT");
        theInstallationsOwnLogIsIntact();
        assertThat(LostInstance.succeeds("replay", "--check", "--data", lost.data.toString())
                        .out())
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
        Client owner = lost.world.signedIn(lost.world.owner.clientId(), lost.world.owner.key());
        assertThat(RunningInstance.await(LIMIT, () -> LostInstance.isWhole(lost.head(owner))))
                .isTrue();
        Path trust = lost.data.resolveSibling("instance-trust");
        Files.write(
                trust,
                lost.head(owner).getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
        Path export = lost.data.resolveSibling("instance-export");
        Export.write((name, to) -> download(owner, name, to), export);
        assertThat(audit(trust, "verify", export.toString())).contains("INTACT").doesNotContain("NOT INTACT");
    }

    @Test
    @Order(7)
    void aBackupThatIsKilledAfterAnyStepIsWholeOrNotThere() {
        for (String step : InstanceAccess.backupSteps()) {
            Path to = lost.data.resolveSibling("killed-" + step + ".age");
            Ended killed = RunningInstance.endAfter(
                    step,
                    "backup",
                    "--data",
                    lost.data.toString(),
                    "--to",
                    to.toString(),
                    "--recipient",
                    lost.recipient);
            assertThat(killed.exitCode()).as("%s: %s", step, killed).isEqualTo(137);
            boolean whole = step.equals("NAMED") || step.equals("OUTCOME_RECORDED");
            assertThat(Files.exists(to)).as(step).isEqualTo(whole);
            if (!whole) {
                // What a killed one left is in nobody's way.
                lost.backsUp(to);
            }
        }
    }

    /** Behind the horizon: the key above the erased one's is destroyed, and with it all older keys. What they sealed is not. */
    @Test
    @Order(8)
    void afterTheHorizonOlderKeysOpenNothingAndTheOlderBackupOpensWithNewerOnes() {
        lost.instance.stop();
        lost.instance = RunningInstance.start(lost.data, lost.port);
        lost.erase(lost.keeper);
        assertThat(RunningInstance.await(
                        LIMIT, () -> lost.states(lost.keeper).stream().allMatch("COMPLETED"::equals)))
                .as("%s", lost.states(lost.keeper))
                .isTrue();
        Path keys = lost.data.resolveSibling("keys-after.age");
        lost.backsUp(keys, "--only-keys");
        lost.instance.stop();
        Path elsewhere = RunningInstance.newDirectory("late");
        Path keyFile = lost.data.resolveSibling("data.sealer");
        refuses(
                elsewhere,
                "no longer has the key that sealed this backup",
                lost.restore(elsewhere, lost.backup, keyFile, "--accept-loss"));
        refuses(
                elsewhere,
                "no longer has the key that sealed this backup",
                lost.restore(elsewhere, lost.backup, keyFile, "--accept-loss", "--keys", lost.lastKeys.toString()));
        aKafkaDirectoryThatIsOlderThanTheKeysIsNoticed(keyFile, keys);
        String restored = LostInstance.succeeds(lost.restore(
                        elsewhere, lost.backup, keyFile, "--log-from", lost.data.toString(), "--keys", keys.toString()))
                .out();
        assertThat(restored).contains("keys that are lost: 0, of 0 owners");
        System.out.println("backup: whole restore: " + last(restored, "RESTORED \\S+ (.*)"));
        lost.instance = RunningInstance.start(elsewhere, lost.port);
        assertThat(lost.displayName(lost.held)).isEqualTo("Held " + lost.unique);
        assertThat(lost.displayName(lost.newcomer)).isEqualTo("Newcomer " + lost.unique);
        assertThat(lost.displayName(lost.keeper)).doesNotContain(lost.unique);
        assertThat(lost.displayName(lost.grace)).doesNotContain(lost.unique);
        assertThat(lost.states(lost.keeper)).containsOnly("COMPLETED");
    }

    /** It has no record of the erasure, and the keys say that there is more. */
    private static void aKafkaDirectoryThatIsOlderThanTheKeysIsNoticed(Path keyFile, Path keys) {
        Path behind = RunningInstance.newDirectory("behind");
        String[] restore = lost.restore(
                behind, lost.backup, keyFile, "--log-from", lost.remains.toString(), "--keys", keys.toString());
        Ended refused = RunningInstance.attempt(restore);
        assertThat(refused.exitCode()).as("%s", refused).isEqualTo(1);
        assertThat(refused.out())
                .containsPattern("log " + lost.administrator.tenant() + ": records \\d+ to \\d+ are missing");
        assertThat(refused.err()).contains("the Kafka directory is older than the keys", "--accept-loss");
        assertThat(behind.resolve("restoring")).exists();
        Ended accepted = LostInstance.succeeds(
                Stream.concat(Stream.of(restore), Stream.of("--accept-loss")).toArray(String[]::new));
        assertThat(accepted.out()).contains("accepted as lost", "RESTORED ");
    }

    private static List<String> recorded() {
        try (var inside = InstanceAccess.to(lost.data)) {
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
        return audit(lost.data.resolveSibling("trust"), command);
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
        Reply reply = lost.world.wire.http("GET", "/ledger/v1/" + name, reader.headers(), new byte[0]);
        assertThat(reply.succeeded()).as("%s: %s", name, reply.status()).isTrue();
        Files.write(to, reply.body());
    }
}
