package dev.chancery.quickstart.newcomer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.auditor.Main;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.LogRecords;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.RegisterHolderRequest;
import dev.chancery.schema.egress.v1.ConnectRequest;
import dev.chancery.schema.egress.v1.EvaluateRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.ListSigningKeysRequest;
import dev.chancery.schema.identity.v1.ListTokenKeysRequest;
import dev.chancery.schema.identity.v1.ListWorkspacesRequest;
import dev.chancery.schema.identity.v1.RotateSigningKeysRequest;
import dev.chancery.schema.identity.v1.RotateTokenKeyRequest;
import dev.chancery.schema.identity.v1.WithdrawSigningKeyRequest;
import dev.chancery.schema.identity.v1.WithdrawTokenKeyRequest;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.vault.v1.BindSecretRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.ListSealerKeysRequest;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.ResealRequest;
import dev.chancery.schema.vault.v1.RetireEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RetireOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RetireSealerKeyRequest;
import dev.chancery.schema.vault.v1.RevokeSecretVersionRequest;
import dev.chancery.schema.vault.v1.RewrapEnvironmentRequest;
import dev.chancery.schema.vault.v1.RewrapOrganisationRequest;
import dev.chancery.schema.vault.v1.RotateEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RotateOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RotateSealerKeyRequest;
import dev.chancery.schema.vault.v1.SealerRing;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every kind of key and value that a command turns is turned ten times while callers go on, over REST and gRPC: no call fails, and what is older opens
 * and verifies. Then one of each kind that can be withdrawn is.
 */
@LongTest
class KeyRotationsIT {
    private static final int ROUNDS = 10;
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final long PACE_NANOS = 20_000_000;
    private static final int INTACT = 0;
    private static final int NOT_INTACT = 1;

    private static RunningInstance instance;
    private static SharedInstance people;
    private static OrganisationCalls calls;
    private static Client administrator;
    private static String workspace;

    @TempDir
    private Path directory;

    /** What failed, each with what was called. */
    private final Queue<String> failed = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean done = new AtomicBoolean();
    private final AtomicLong succeeded = new AtomicLong();
    /** By what was to be turned, the keys that signed before. */
    private final Map<String, Map<String, String>> turning = new TreeMap<>();

    private final List<String> values = new CopyOnWriteArrayList<>();
    private final List<String> credentials = new CopyOnWriteArrayList<>();

    /** A kind of key or value, and how it is turned once. */
    private record Kind(String name, Runnable turn) {}

    private final List<Kind> kinds = List.of(
            new Kind("token key", () -> calls.done(people.owner, RotateTokenKeyRequest.newBuilder())),
            new Kind("source keys", () -> rotate("sources")),
            new Kind("statement keys", () -> rotate("statements")),
            new Kind("ledger keys", () -> rotate("logs")),
            new Kind("organisation's key", KeyRotationsIT::turnOrganisation),
            new Kind("ring of organisations' keys", () -> turnRing(SealerRing.SEALER_RING_ORGANISATIONS)),
            new Kind("installation's ring", () -> turnRing(SealerRing.SEALER_RING_INSTALLATION)),
            new Kind("environment key", KeyRotationsIT::turnEnvironment),
            new Kind("secret's value", () -> write("prod/db/password", values)),
            new Kind("webhook's secret", KeyRotationsIT::registerHolder),
            new Kind("connector's credential", () -> write("prod/shop/token", credentials)));

    @BeforeAll
    static void start() {
        instance = RunningInstance.start(
                RunningInstance.newDirectory("rotations"),
                "-Dchancery.limits.person-reads=none",
                "-Dchancery.limits.person-commands=none",
                "-Dchancery.limits.service-reads=none",
                "-Dchancery.limits.service-commands=none",
                "-Dchancery.limits.checks=none",
                "-Dchancery.limits.tenant=none");
        people = SharedInstance.on(instance);
        calls = new OrganisationCalls(people);
        administrator = calls.organisation();
        workspace = calls.done(
                        administrator, CreateWorkspaceRequest.newBuilder().setName("Shop"))
                .json()
                .getString("workspaceId");
        calls.done(
                administrator,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment("prod")
                        .addReaders("administrator")
                        .addWriters("administrator"));
        calls.done(
                administrator,
                ConnectRequest.newBuilder()
                        .setWorkspaceId(workspace)
                        .setConnector("shop")
                        .addHosts("shop.example.com"));
    }

    @AfterAll
    static void stop() {
        people.close();
        instance.close();
    }

    @Test
    void noCallFailsWhileEverythingTurnsAndWhatIsOlderOpensAndVerifies() throws Exception {
        write("prod/db/password", values);
        write("prod/shop/token", credentials);
        calls.done(
                administrator,
                BindSecretRequest.newBuilder()
                        .setSecret("prod/shop/token")
                        .setWorkspaceId(workspace)
                        .setConnector("shop"));
        List<String> trustAtFirst = verifierKeys();
        Map<String, String> headersAtFirst = administrator.headers();

        List<Thread> callers = callers();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                kinds.forEach(kind -> kind.turn().run());
                awaitTurned();
            }
            everythingOlderOpensAndVerifies(trustAtFirst, headersAtFirst);
            theInstallationsRingSealsWhatThereIs();
            whoeverTrustsTheKeyBeforeVerifiesInItsOverlap();
            theKeysOfSourcesAndStatementsAreWithdrawn();
            theLogsKeyIsWithdrawn();
        } finally {
            done.set(true);
            for (Thread caller : callers) {
                caller.join(BOUND);
            }
        }
        assertThat(failed).isEmpty();
        assertThat(succeeded.get()).isGreaterThan(100);
        theNewestSecretIsRevoked();
        theTokenKeyIsWithdrawn();
    }

    // Callers

    private List<Thread> callers() {
        var threads = new ArrayList<Thread>();
        for (Api api : Api.values()) {
            threads.add(caller(api, () -> CreateWorkspaceRequest.newBuilder()
                    .setName("Claims " + SharedInstance.unique())
                    .build()));
            threads.add(caller(api, ListWorkspacesRequest::getDefaultInstance));
            threads.add(caller(api, () -> EvaluateRequest.newBuilder()
                    .setWorkspaceId(workspace)
                    .setUrl("https://shop.example.com/")
                    .build()));
            threads.add(caller(api, () -> ReadSecretRequest.newBuilder()
                    .setSecret("prod/db/password")
                    .setSecretVersion(1)
                    .build()));
        }
        threads.forEach(Thread::start);
        return threads;
    }

    private Thread caller(Api api, Supplier<Message> requests) {
        String input = requests.get().getDescriptorForType().getFullName();
        ContractMethod method = people.contract.methods().stream()
                .filter(one -> one.input().getFullName().equals(input))
                .findFirst()
                .orElseThrow();
        return new Thread(
                () -> {
                    while (!done.get()) {
                        try {
                            call(api, method, requests.get());
                        } catch (RuntimeException | AssertionError e) {
                            failed.add(api + " " + method.fullName() + ": " + e);
                        }
                        LockSupport.parkNanos(PACE_NANOS);
                    }
                },
                api + " " + method.fullName());
    }

    private void call(Api api, ContractMethod method, Message request) {
        Map<String, String> headers = new HashMap<>(administrator.headers());
        if (method.writes()) {
            headers.put("Idempotency-Key", UUID.randomUUID().toString());
        }
        Reply reply = api.call(people.wire, method, request, headers);
        // A machine that is so busy that decisions are old by seconds says so, whether keys turn or not: as the hint
        // says, it is asked again.
        long begun = System.nanoTime();
        while (reply.code().equals("backbone.decision-stale") && System.nanoTime() - begun < BOUND.toNanos()) {
            LockSupport.parkNanos(PACE_NANOS);
            reply = api.call(people.wire, method, request, headers);
        }
        if (reply.succeeded()) {
            succeeded.incrementAndGet();
        } else {
            failed.add(api + " " + method.fullName() + ": " + reply);
        }
    }

    // Turning

    /** Has keys replaced; whoever holds them does so within seconds. */
    private void rotate(String keys) {
        turning.put(keys, signing(keys));
        calls.done(people.owner, RotateSigningKeysRequest.newBuilder().setKeys(keys));
    }

    private void awaitTurned() {
        turning.forEach(KeyRotationsIT::awaitOthers);
        turning.clear();
    }

    private static void awaitOthers(String keys, Map<String, String> before) {
        assertThat(RunningInstance.await(BOUND, () -> {
                    Map<String, String> now = signing(keys);
                    return before.entrySet().stream()
                            .allMatch(key -> now.containsKey(key.getKey())
                                    && !now.get(key.getKey()).equals(key.getValue()));
                }))
                .as("other keys than %s", before)
                .isTrue();
    }

    /** The ids of the keys that sign, by name. */
    private static Map<String, String> signing(String keys) {
        Map<String, String> signing = new TreeMap<>();
        String page = "";
        do {
            JsonObject reply = calls.done(
                            people.owner,
                            ListSigningKeysRequest.newBuilder()
                                    .setKeys(keys)
                                    .setPageSize(200)
                                    .setPage(page))
                    .json();
            reply.getJsonArray("keys").stream()
                    .map(JsonObject.class::cast)
                    .filter(key -> key.getString("state").equals("SIGNING"))
                    .forEach(key -> signing.put(key.getString("name"), key.getString("keyId")));
            page = reply.getString("nextPage", "");
        } while (!page.isEmpty());
        return signing;
    }

    private static void turnEnvironment() {
        int version = calls.done(
                        administrator, RotateEnvironmentKeyRequest.newBuilder().setEnvironment("prod"))
                .json()
                .getInteger("keyVersion");
        untilNothingIsLeft(administrator, RewrapEnvironmentRequest.newBuilder().setEnvironment("prod"));
        calls.done(
                administrator,
                RetireEnvironmentKeyRequest.newBuilder().setEnvironment("prod").setKeyVersion(version - 1));
    }

    private static void turnOrganisation() {
        int version = calls.done(administrator, RotateOrganisationKeyRequest.newBuilder())
                .json()
                .getInteger("keyVersion");
        untilNothingIsLeft(administrator, RewrapOrganisationRequest.newBuilder());
        calls.done(administrator, RetireOrganisationKeyRequest.newBuilder().setKeyVersion(version - 1));
    }

    /** The older version is destroyed at once: without {@code compromised} it would stay for a horizon, and of ten too many would be there. */
    private static void turnRing(SealerRing ring) {
        int version = calls.done(
                        people.owner, RotateSealerKeyRequest.newBuilder().setRing(ring))
                .json()
                .getInteger("ringVersion");
        untilNothingIsLeft(people.owner, ResealRequest.newBuilder().setRing(ring));
        calls.done(
                people.owner,
                RetireSealerKeyRequest.newBuilder()
                        .setRing(ring)
                        .setRingVersion(version - 1)
                        .setCompromised(true));
    }

    /** Of keys that other holders than the core seal anew some are left for a second. */
    private static void untilNothingIsLeft(Client caller, Message.Builder request) {
        assertThat(RunningInstance.await(BOUND, () -> calls.done(caller, request)
                        .json()
                        .getString("left", "0")
                        .equals("0")))
                .isTrue();
    }

    private static void write(String secret, List<String> values) {
        String value = SharedInstance.secret("Burg-Hohenzollern-" + SharedInstance.unique());
        calls.done(
                administrator, WriteSecretRequest.newBuilder().setSecret(secret).setValue(value));
        values.add(value);
    }

    private static void registerHolder() {
        String secret = calls.done(
                        administrator,
                        RegisterHolderRequest.newBuilder()
                                .setHolder("crm")
                                .setUrl("https://crm.example.com/dsar")
                                .setWorkspaceId(workspace)
                                .addActions(HolderAction.HOLDER_ACTION_EXPORT)
                                .setPurpose("support"))
                .json()
                .getString("secret");
        assertThat(SharedInstance.secrets()).doesNotContain(secret);
        SharedInstance.secret(secret);
    }

    // What is older

    private void everythingOlderOpensAndVerifies(List<String> trustAtFirst, Map<String, String> headersAtFirst)
            throws IOException, Refused {
        for (int version = 1; version <= values.size(); version++) {
            assertThat(read("prod/db/password", version)).isEqualTo(values.get(version - 1));
        }
        assertThat(read("prod/shop/token", 0)).isEqualTo(credentials.getLast());
        ContractMethod list = people.method("chancery.identity.v1.IdentityService/ListWorkspaces");
        assertThat(people.wire
                        .rest(list, ListWorkspacesRequest.getDefaultInstance(), headersAtFirst)
                        .succeeded())
                .as("an older token")
                .isTrue();
        assertThat(verifierKeys()).containsAll(trustAtFirst).hasSizeGreaterThan(trustAtFirst.size() + ROUNDS);
        assertThat(audited(verifierKeys())).isEqualTo(INTACT);
    }

    /** The one version that is left seals every private half and environment's key that is there; what turned before is destroyed a moment later. */
    private static void theInstallationsRingSealsWhatThereIs() {
        assertThat(RunningInstance.await(BOUND, () -> {
                    List<JsonObject> versions = installationsRing();
                    return versions.size() == 1
                            && versions.getFirst().getInteger("ringVersion") == 1 + ROUNDS
                            && versions.getFirst().getString("seals").equals(Long.toString(liveKeys()));
                }))
                .as("of %s keys, in %s", liveKeys(), installationsRing())
                .isTrue();
    }

    private static List<JsonObject> installationsRing() {
        return calls.done(people.owner, ListSealerKeysRequest.newBuilder()).json().getJsonArray("keys").stream()
                .map(JsonObject.class::cast)
                .filter(key -> key.getString("ring").equals(SealerRing.SEALER_RING_INSTALLATION.name()))
                .toList();
    }

    private static long liveKeys() {
        try (var superuser = InstanceAccess.superuser(
                        instance.data(), people.inside.database().name());
                var statement = superuser.createStatement();
                var row = statement.executeQuery(
                        "SELECT (SELECT count(*) FROM signing.private_key WHERE state <> 'DESTROYED')"
                                + " + (SELECT count(*) FROM secretring.environment_key WHERE state <> 'DESTROYED')")) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void whoeverTrustsTheKeyBeforeVerifiesInItsOverlap() throws IOException, Refused {
        List<String> before = verifierKeys();
        rotate("logs");
        awaitTurned();
        awaitCheckpointOf(signing(origin()).get(origin()));
        assertThat(signatures()).isEqualTo(2);
        assertThat(audited(before)).as("the key before").isEqualTo(INTACT);
        assertThat(audited(verifierKeys())).as("both").isEqualTo(INTACT);
    }

    private static String read(String secret, int version) {
        return calls.done(
                        administrator,
                        ReadSecretRequest.newBuilder().setSecret(secret).setSecretVersion(version))
                .json()
                .getString("value");
    }

    // What is withdrawn

    private void theKeysOfSourcesAndStatementsAreWithdrawn() {
        for (String keys : List.of("sources", "statements")) {
            Map<String, String> stolen = signing(keys);
            stolen.forEach(KeyRotationsIT::withdraw);
            awaitOthers(keys, stolen);
            for (Map.Entry<String, String> key : stolen.entrySet()) {
                String start = key.getKey() + "+" + key.getValue() + "+";
                boolean named = verifierKeys().stream().anyMatch(vkey -> vkey.startsWith(start));
                // A record that it signed, and that a checkpoint covers, is still to be verified.
                assertThat(named).as(start).isEqualTo(keys.equals("sources"));
            }
        }
    }

    private void theLogsKeyIsWithdrawn() throws IOException, Refused {
        List<String> before = verifierKeys();
        String stolen = signing(origin()).get(origin());
        withdraw(origin(), stolen);
        awaitOthers(origin(), Map.of(origin(), stolen));
        String next = signing(origin()).get(origin());
        awaitCheckpointOf(next);
        assertThat(signatures()).isEqualTo(1);
        assertThat(verifierKeys()).noneMatch(vkey -> vkey.startsWith(origin() + "+" + stolen + "+"));
        assertThat(RunningInstance.await(BOUND, () -> targets("ledger.key.withdraw").stream()
                        .anyMatch(target -> target.matches(stolen + ":[1-9][0-9]*"))))
                .as("the log says where the range in doubt ends")
                .isTrue();
        assertThat(audited(before)).as("who has not heard of it").isEqualTo(NOT_INTACT);
        assertThat(audited(verifierKeys())).isEqualTo(INTACT);
    }

    private static void withdraw(String name, String keyId) {
        calls.done(
                people.owner,
                WithdrawSigningKeyRequest.newBuilder().setName(name).setKeyId(keyId));
    }

    private void theNewestSecretIsRevoked() {
        calls.done(
                administrator,
                RevokeSecretVersionRequest.newBuilder()
                        .setSecret("prod/db/password")
                        .setSecretVersion(values.size()));
        Reply refused = calls.send(
                administrator,
                ReadSecretRequest.newBuilder().setSecret("prod/db/password").setSecretVersion(values.size()));
        assertThat(refused.succeeded()).isFalse();
        assertThat(read("prod/db/password", 1)).isEqualTo(values.getFirst());
    }

    private void theTokenKeyIsWithdrawn() {
        String stolen = calls.done(people.owner, ListTokenKeysRequest.newBuilder())
                .json()
                .getJsonArray("keys")
                .getJsonObject(0)
                .getString("keyId");
        Client late = people.signedIn(administrator.clientId(), administrator.key());
        assertThat(calls.send(late, ListWorkspacesRequest.newBuilder()).succeeded())
                .isTrue();
        calls.done(people.owner, WithdrawTokenKeyRequest.newBuilder().setKeyId(stolen));
        assertThat(RunningInstance.await(BOUND, () -> calls.send(late, ListWorkspacesRequest.newBuilder())
                        .code()
                        .equals("auth.token-invalid")))
                .isTrue();
        Client again = people.signedIn(administrator.clientId(), administrator.key());
        assertThat(calls.send(again, ListWorkspacesRequest.newBuilder()).succeeded())
                .isTrue();
    }

    // The ledger

    private static String origin() {
        return head().getString("checkpoint").lines().findFirst().orElseThrow();
    }

    private static JsonObject head() {
        return calls.done(administrator, GetCheckpointRequest.newBuilder()).json();
    }

    private static List<String> verifierKeys() {
        assertThat(RunningInstance.await(BOUND, () -> head().containsKey("checkpoint")))
                .isTrue();
        return head().getJsonArray("verifierKeys").stream().map(String::valueOf).toList();
    }

    private static long signatures() {
        return head().getString("checkpoint")
                .lines()
                .filter(line -> line.startsWith("\u2014 "))
                .count();
    }

    /** Waits until the newest checkpoint's first signature is of this key. */
    private static void awaitCheckpointOf(String keyId) {
        assertThat(RunningInstance.await(BOUND, () -> {
                    String signature = head().getString("checkpoint")
                            .lines()
                            .filter(line -> line.startsWith("\u2014 "))
                            .findFirst()
                            .orElseThrow();
                    byte[] keyed = Base64.getDecoder().decode(signature.substring(signature.lastIndexOf(' ') + 1));
                    return keyId.equals(HexFormat.of().formatHex(keyed, 0, 4));
                }))
                .as("a checkpoint signed by %s", keyId)
                .isTrue();
    }

    /** The targets of an action's records in the organisation's log. */
    private static List<String> targets(String action) {
        return people.inside.database().inTenant(DatabaseRole.RELAY, administrator.tenant(), connection -> {
            List<String> targets = new ArrayList<>();
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND feature = 'ledger' ORDER BY position")) {
                query.setString(1, administrator.tenant());
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        var statement = LogRecords.statement(rows.getBytes(1));
                        if (statement.getAction().equals(action)) {
                            targets.add(statement.getTarget().getId());
                        }
                    }
                }
            }
            return targets;
        });
    }

    /** What the auditor says of the organisation's log as it is now. */
    private int audited(List<String> trust) throws IOException, Refused {
        Path home = Files.createTempDirectory(directory, "audit");
        Path export = home.resolve("export");
        Export.write(KeyRotationsIT::download, export);
        Path file = Files.write(home.resolve("trust.vkey"), trust);
        var said = new ByteArrayOutputStream();
        try (var print = new PrintStream(said, true, UTF_8)) {
            int code = Main.run(new String[] {"verify", export.toString(), "--trust", file.toString()}, print, print);
            if (code != INTACT) {
                System.out.println(said.toString(UTF_8));
            }
            return code;
        }
    }

    private static void download(String name, Path to) throws IOException {
        Reply reply = people.wire.http("GET", "/ledger/v1/" + name, administrator.headers(), new byte[0]);
        assertThat(reply.succeeded()).as("%s: %s", name, reply.status()).isTrue();
        Files.write(to, reply.body());
    }
}
