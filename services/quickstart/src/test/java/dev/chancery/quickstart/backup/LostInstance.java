package dev.chancery.quickstart.backup;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.retention.v1.EraseSubjectRequest;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.ListErasuresRequest;
import dev.chancery.schema.retention.v1.SetHoldRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/** An instance that was backed up, went on, erased a subject, and was lost with all but its Kafka directory, its key file and the copy of its keys. */
final class LostInstance {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** So long that no erasure is completed before the loss. */
    static final String HORIZON = "-Dchancery.retention.horizon=PT1H";

    final Path data = RunningInstance.newDirectory("backup");
    /** What is left of it. */
    final Path remains = data.resolveSibling("lost");

    private final Path sealer = data.resolveSibling("data.sealer");
    final Path identity = data.resolveSibling("identity.txt");
    final Path backup = data.resolveSibling("backup.age");
    final Path keyFile = data.resolveSibling("key-file.age");
    /** Replaced while the instance runs. */
    private final Path keys = data.resolveSibling("keys.age");
    /** As it was a moment before the loss. */
    final Path lastKeys = data.resolveSibling("last-keys.age");

    final SharedInstance world;
    final OrganisationCalls calls;
    final int port;
    final String recipient;
    final String unique = UUID.randomUUID().toString();
    final String grace;
    final String keeper;
    final String held;
    final String newcomer;
    final String latecomer;
    final String secret;
    final JsonObject lastCheckpoint;
    final JsonArray foundedKeys;
    final Instant lostAt;

    /** Whatever runs in the place of what was lost. */
    RunningInstance instance;

    Client administrator;
    Client founded;

    LostInstance() throws IOException {
        recipient =
                succeeds("backup", "--new-identity", identity.toString()).out().strip();
        instance = RunningInstance.start(
                data, 0, List.of("--keys-to", keys.toString(), "--recipient", recipient), HORIZON);
        port = Integer.parseInt(instance.http().substring(instance.http().lastIndexOf(':') + 1));
        world = SharedInstance.on(instance);
        calls = new OrganisationCalls(world);
        administrator = world.a;
        grace = somebody("Grace");
        keeper = somebody("Keeper");
        held = somebody("Held");

        assertThat(backsUp(backup).out()).startsWith("BACKED UP ");
        backsUp(keyFile, "--only-key-file");

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
        Files.copy(keys, lastKeys);
        latecomer = somebody("Latecomer");
        assertThat(RunningInstance.await(LIMIT, () -> isWhole(head()))).isTrue();
        lastCheckpoint = head();
        Files.write(
                data.resolveSibling("trust"),
                lastCheckpoint.getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
        Files.writeString(data.resolveSibling("from"), lastCheckpoint.getString("checkpoint"));
        lostAt = lose();
    }

    /** The process is killed, its PostgreSQL too, and the directory is gone but for what somebody kept. */
    private Instant lose() throws IOException {
        Instant now = Instant.now();
        instance.kill();
        List<String> postmaster = Files.readAllLines(data.resolve("postgres/data/postmaster.pid"));
        ProcessHandle.of(Long.parseLong(postmaster.getFirst().strip())).ifPresent(process -> {
            process.destroyForcibly();
            process.onExit().join();
        });
        Files.move(data, remains);
        // Beside it, so it would be taken for the new directory's own.
        Files.move(sealer, remains.resolveSibling("lost.sealer"));
        return now;
    }

    private Map<String, Long> copied() {
        try {
            return InstanceAccess.logsOfKeys(keys, identity, sealer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    CreatePrincipalRequest.Builder person(String name) {
        return CreatePrincipalRequest.newBuilder()
                .setType(PrincipalType.USER)
                .setDisplayName(name + " " + unique)
                .setEmail(name.toLowerCase(Locale.ROOT) + "-" + unique + "@kestrel.example")
                .setPublicKey(ByteString.copyFrom(
                        Base64.getDecoder().decode(SigningKey.generate().publicKey())));
    }

    String somebody(String name) {
        return calls.done(administrator, person(name)).json().getString("principalId");
    }

    void erase(String subject) {
        calls.done(
                administrator,
                EraseSubjectRequest.newBuilder()
                        .setPrincipalId(subject)
                        .setGround(ErasureGround.ERASURE_GROUND_REQUEST)
                        .setReason("The subject asked for it."));
    }

    private Stream<JsonObject> objects(Message.Builder request, String name) {
        return calls.done(administrator, request).json().getJsonArray(name, new JsonArray()).stream()
                .map(JsonObject.class::cast);
    }

    List<String> states(String subject) {
        return objects(ListErasuresRequest.newBuilder().setPrincipalId(subject), "erasures")
                .map(each -> each.getString("state").replace("ERASURE_STATE_", ""))
                .toList();
    }

    String displayName(String principal) {
        return objects(ListPrincipalsRequest.newBuilder(), "principals")
                .filter(each -> each.getString("principalId").equals(principal))
                .map(each -> each.getString("displayName", ""))
                .findFirst()
                .orElseThrow();
    }

    JsonObject head() {
        return head(administrator);
    }

    JsonObject head(Client client) {
        return calls.done(client, GetCheckpointRequest.newBuilder()).json();
    }

    static boolean isWhole(JsonObject head) {
        return Long.parseLong(head.getString("size")) == Long.parseLong(head.getString("records"));
    }

    static Ended succeeds(String... arguments) {
        Ended ended = RunningInstance.attempt(arguments);
        assertThat(ended.exitCode()).as("%s", ended).isZero();
        return ended;
    }

    Ended backsUp(Path to, String... more) {
        var arguments = new ArrayList<>(
                List.of("backup", "--data", data.toString(), "--to", to.toString(), "--recipient", recipient));
        arguments.addAll(List.of(more));
        return succeeds(arguments.toArray(String[]::new));
    }

    String[] restore(Path to, Path from, Path keyFile, String... more) {
        var arguments = new ArrayList<>(List.of(
                "restore",
                "--from",
                from.toString(),
                "--identity",
                identity.toString(),
                "--key-file",
                keyFile.toString(),
                "--data",
                to.toString()));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    Path lostSealer() {
        return remains.resolveSibling("lost.sealer");
    }
}
