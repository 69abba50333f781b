package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.dsar.v1.AcknowledgeRequestRequest;
import dev.chancery.schema.dsar.v1.CompleteRequestRequest;
import dev.chancery.schema.dsar.v1.ExportDataRequest;
import dev.chancery.schema.dsar.v1.GetCompletionProofRequest;
import dev.chancery.schema.dsar.v1.GetRequestRequest;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.ListHoldersRequest;
import dev.chancery.schema.dsar.v1.ListRequestsRequest;
import dev.chancery.schema.dsar.v1.ReceiveRequestRequest;
import dev.chancery.schema.dsar.v1.RegisterHolderRequest;
import dev.chancery.schema.dsar.v1.ReplayHolderTaskRequest;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.VerifyIdentityRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.retention.v1.ClearHoldRequest;
import dev.chancery.schema.retention.v1.SetHoldRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jose4j.jwe.JsonWebEncryption;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests of subjects over REST against the packaged process, with the example's system beside it. */
@Order(29)
class DsarIT {
    private static final String SERVICE = "chancery.dsar.v1.DsarService/";
    private static final long LIMIT_NANOS = Duration.ofSeconds(20).toNanos();
    private static final long PAUSE_MILLIS = 50;

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private final KeyPair pair = pair();
    private Client administrator = shared.owner;
    private Client sue = shared.owner;
    private int port;
    private Process system;

    @TempDir
    private Path directory;

    private static KeyPair pair() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private ByteString point() {
        byte[] encoded = pair.getPublic().getEncoded();
        return ByteString.copyFrom(Arrays.copyOfRange(encoded, encoded.length - 65, encoded.length));
    }

    @BeforeEach
    void anOrganisationWithASystem() throws IOException {
        administrator = calls.organisation();
        sue = calls.somebody(PrincipalType.USER, administrator, "dsar:request", "dsar:read", "ledger:read");
        Files.writeString(directory.resolve("secret"), "whsec_none");
        start(0);
    }

    private void start(int at) throws IOException {
        system = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        Path.of("..", "..", "examples", "holder", "Holder.java").toString(),
                        Integer.toString(at),
                        directory.toString(),
                        directory.resolve("secret").toString())
                .redirectError(directory.resolve("system.err").toFile())
                .start();
        String line = system.inputReader().readLine();
        assertThat(line).startsWith("LISTENING ");
        port = Integer.parseInt(line.substring("LISTENING ".length()));
    }

    @AfterEach
    void stop() {
        system.destroyForcibly();
    }

    private void register() throws IOException {
        String workspace = calls.done(
                        administrator, CreateWorkspaceRequest.newBuilder().setName("Support"))
                .json()
                .getString("workspaceId");
        String secret = calls.done(
                        administrator,
                        RegisterHolderRequest.newBuilder()
                                .setHolder("crm")
                                .setUrl("http://127.0.0.1:" + port + "/dsar")
                                .setWorkspaceId(workspace)
                                .addActions(HolderAction.HOLDER_ACTION_EXPORT)
                                .addActions(HolderAction.HOLDER_ACTION_ERASE)
                                .setPurpose("support")
                                .setRetentionDays(365))
                .json()
                .getString("secret");
        assertThat(secret).startsWith("whsec_");
        Files.writeString(directory.resolve("secret"), SharedInstance.secret(secret));
    }

    private void holds(String json) throws IOException {
        Files.writeString(directory.resolve(OrganisationCalls.id(sue) + ".json"), json);
    }

    /** A read that takes into account what was written before. */
    private JsonObject read(Client caller, String method, Message.Builder request, Reply after) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put("Chancery-Position", after.position());
        Reply reply = shared.wire.rest(shared.method(SERVICE + method), request.build(), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json();
    }

    private JsonObject get(Client caller, String request, Reply after) {
        return read(caller, "GetRequest", GetRequestRequest.newBuilder().setRequestId(request), after);
    }

    private static <T> T await(Supplier<T> what, Predicate<T> until) {
        long begun = System.nanoTime();
        T found = what.get();
        while (!until.test(found) && System.nanoTime() - begun < LIMIT_NANOS) {
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            found = what.get();
        }
        assertThat(until.test(found)).as("%s", found).isTrue();
        return found;
    }

    private JsonObject tasksAre(String request, Reply after, String result) {
        return await(() -> get(administrator, request, after), found -> {
            JsonArray tasks = found.getJsonArray("tasks", new JsonArray());
            return !tasks.isEmpty()
                    && tasks.stream().allMatch(task -> result.equals(((JsonObject) task).getString("result")));
        });
    }

    private ReceiveRequestRequest.Builder ask(RequestKind kind) {
        return ReceiveRequestRequest.newBuilder()
                .setKind(kind)
                .setRegime("gdpr")
                .setTimeZone("Europe/Vienna")
                .setDetails("I want to know.");
    }

    @Test
    void asSubjectsSeeIt() throws IOException, JoseException {
        register();
        holds("{\"notes\":[\"likes tea\"]}");
        Client other = calls.somebody(PrincipalType.USER, administrator, "dsar:request", "dsar:read");
        Client stranger = calls.organisation();

        Reply asked = calls.done(sue, ask(RequestKind.REQUEST_KIND_ACCESS).setExportKey(point()));
        String request = asked.json().getString("requestId");
        tasksAre(request, asked, "TASK_RESULT_DONE");
        assertThat(calls.send(sue, ExportDataRequest.newBuilder().setRequestId(request))
                        .code())
                .isEqualTo("auth.forbidden");
        Reply exported = calls.done(
                administrator,
                ExportDataRequest.newBuilder().setRequestId(request).setReason("Sue asked."));
        JsonObject opened = new JsonObject(opened(exported.json().getString("jwe")));
        assertThat(opened.getString("subject")).isEqualTo(OrganisationCalls.id(sue));
        JsonObject crm = opened.getJsonArray("systems").getJsonObject(0);
        assertThat(crm.getString("purpose")).isEqualTo("support");
        assertThat(crm.getJsonObject("data").getJsonArray("notes")).containsExactly("likes tea");
        assertThat(opened.getJsonObject("chancery").getJsonArray("records").toString())
                .contains("chancery.identity.v1.PrincipalCreated", "\"displayName\":\"somebody\"", "I want to know.")
                .doesNotContain("ciphertext");

        // It is recorded: who opened how many of whose values, and why.
        JsonObject after = get(sue, request, exported);
        assertThat(after.getJsonObject("request").getString("state")).isEqualTo("REQUEST_STATE_COMPLETED");
        assertThat(read(
                                sue,
                                "ListRequests",
                                ListRequestsRequest.newBuilder().setKind(RequestKind.REQUEST_KIND_ACCESS),
                                exported)
                        .getJsonArray("requests"))
                .hasSize(1);
        assertThat(calls.statement(exported.position()).getOutcome().getEventsList().stream()
                        .map(event -> event.getType()))
                .containsExactly("chancery.dsar.v1.DataExported", "chancery.dsar.v1.RequestCompleted");
        assertProven(sue, request, "crm export: done");

        // Nobody else sees it.
        assertThat(calls.send(other, GetRequestRequest.newBuilder().setRequestId(request))
                        .code())
                .isEqualTo("dsar.no-such-request");
        assertThat(calls.send(stranger, GetCompletionProofRequest.newBuilder().setRequestId(request))
                        .code())
                .isEqualTo("dsar.no-such-request");
    }

    private String opened(String jwe) throws JoseException {
        var encrypted = new JsonWebEncryption();
        encrypted.setCompactSerialization(jwe);
        encrypted.setKey(pair.getPrivate());
        return encrypted.getPayload();
    }

    @Test
    void aSystemThatIsDownIsParkedAndReplayed() throws IOException {
        register();
        system.destroyForcibly().onExit().join();
        Reply asked = calls.done(sue, ask(RequestKind.REQUEST_KIND_PORTABILITY).setExportKey(point()));
        String request = asked.json().getString("requestId");
        JsonObject parked = tasksAre(request, asked, "TASK_RESULT_PARKED");
        JsonObject task = parked.getJsonArray("tasks").getJsonObject(0);
        assertThat(task.getString("code")).isEqualTo("no-connection");
        assertThat(parked.getJsonObject("request").getInteger("parked")).isEqualTo(1);
        assertThat(calls.send(administrator, ExportDataRequest.newBuilder().setRequestId(request))
                        .code())
                .isEqualTo("dsar.pending");

        start(port);
        Reply replayed = calls.done(
                administrator,
                ReplayHolderTaskRequest.newBuilder().setRequestId(request).setTaskId(task.getString("taskId")));
        tasksAre(request, replayed, "TASK_RESULT_DONE");
        assertThat(read(administrator, "ListHolders", ListHoldersRequest.newBuilder(), replayed)
                        .getJsonArray("holders"))
                .hasSize(1);
    }

    @Test
    void anErasureWaitsForAHoldAndIsProvenWhenTheSystemHasNothing() throws IOException {
        register();
        holds("{\"notes\":[\"likes tea\"]}");
        Path note = directory.resolve(OrganisationCalls.id(sue) + ".json");
        String hold = calls.done(
                        administrator,
                        SetHoldRequest.newBuilder()
                                .setPrincipalId(OrganisationCalls.id(sue))
                                .setMatter("Case-7/26")
                                .setReviewMillis(System.currentTimeMillis() + 86_400_000L)
                                .setReason("Evidence."))
                .json()
                .getString("holdId");

        Reply asked = calls.done(sue, ask(RequestKind.REQUEST_KIND_ERASURE));
        String request = asked.json().getString("requestId");
        JsonObject withheld = stateIs(request, asked, "REQUEST_STATE_WITHHELD");
        assertThat(withheld.getJsonArray("holdIds")).containsExactly(hold);
        assertThat(withheld.getString("notice")).contains("one legal hold covers", "article 77");
        assertThat(note).exists();
        assertThat(calls.send(
                                administrator,
                                GetCompletionProofRequest.newBuilder().setRequestId(request))
                        .code())
                .isEqualTo("dsar.not-completed");

        calls.done(
                administrator,
                ClearHoldRequest.newBuilder()
                        .setPrincipalId(OrganisationCalls.id(sue))
                        .setHoldId(hold)
                        .setReason("Closed."));
        JsonObject completed = stateIs(request, asked, "REQUEST_STATE_COMPLETED");
        assertThat(note).doesNotExist();
        assertThat(completed.getJsonArray("tasks").stream().map(task -> ((JsonObject) task).getString("action")))
                .containsExactly("HOLDER_ACTION_ERASE", "HOLDER_ACTION_READ_BACK");
        assertProven(administrator, request, "crm erase: done; crm read-back: done");
    }

    private JsonObject stateIs(String request, Reply after, String state) {
        return await(
                () -> get(administrator, request, after),
                found -> state.equals(found.getJsonObject("request").getString("state")));
    }

    @Test
    void staffReceivesVerifiesAndCompletes() throws IOException {
        Reply asked = calls.done(
                administrator,
                ask(RequestKind.REQUEST_KIND_DECISION_REVIEW)
                        .setRegime("ccpa")
                        .setSubjectId(OrganisationCalls.id(sue)));
        String request = asked.json().getString("requestId");
        assertThat(asked.json().getString("acknowledgeByMillis")).isNotNull();
        calls.done(administrator, AcknowledgeRequestRequest.newBuilder().setRequestId(request));
        assertThat(calls.send(administrator, CompleteRequestRequest.newBuilder().setRequestId(request))
                        .code())
                .isEqualTo("dsar.not-verified");
        var verified = VerifyIdentityRequest.newBuilder().setRequestId(request).setMethod("passport");
        assertThat(calls.send(administrator, verified).code()).isEqualTo("dsar.four-eyes");
        calls.done(calls.somebody(PrincipalType.USER, administrator, "dsar:verify"), verified);
        Reply completed = calls.done(
                administrator,
                CompleteRequestRequest.newBuilder().setRequestId(request).setReason("A person looked at it."));
        assertThat(get(sue, request, completed).getJsonObject("request").getBoolean("acknowledged"))
                .isTrue();
        assertProven(sue, request, "decision-review");
        assertThat(read(
                                administrator,
                                "ListRequests",
                                ListRequestsRequest.newBuilder().setOpen(true),
                                completed)
                        .getJsonArray("requests", new JsonArray()))
                .isEmpty();
    }

    @Test
    void theNoticeOfARefusalIsAnsweredOnceAndKeptNowhereInClear() {
        Reply asked = calls.done(
                administrator, ask(RequestKind.REQUEST_KIND_OBJECTION).setSubjectId(OrganisationCalls.id(sue)));
        String words = "It is the fifth of " + java.util.UUID.randomUUID();

        Reply refused = calls.done(
                administrator,
                dev.chancery.schema.dsar.v1.RefuseRequestRequest.newBuilder()
                        .setRequestId(asked.json().getString("requestId"))
                        .setGround(dev.chancery.schema.dsar.v1.RefusalGround.REFUSAL_GROUND_EXCESSIVE)
                        .setExplanation(words));

        assertThat(refused.json().getString("notice")).contains(words);
        long kept = shared.inside
                .database()
                .inTenant(dev.chancery.database.DatabaseRole.DSAR, administrator.tenant(), connection -> {
                    try (var query = connection.prepareStatement(
                            "SELECT count(*) FROM log.receipt WHERE position(convert_to(?, 'UTF8') in reply) > 0")) {
                        query.setString(1, words);
                        try (var found = query.executeQuery()) {
                            found.next();
                            return found.getLong(1);
                        }
                    }
                });
        assertThat(kept).isZero();
    }

    /** By the command line, as staff and subjects do it. */
    private void assertProven(Client caller, String request, String says) throws IOException {
        var commands = new ProofCommands(shared, directory, "dsar");
        Path proof = commands.get(caller, request);
        String said = commands.verify(administrator, proof);
        assertThat(said).contains(says, "unproven 1").endsWith("PROVEN\n").doesNotContain("NOT PROVEN");

        String file = Files.readString(proof);
        String payload = new JsonObject(file).getString("payload");
        String changed =
                new String(Base64.getDecoder().decode(payload), UTF_8).replace("\"attempts\":1", "\"attempts\":2");
        Files.writeString(
                proof, file.replace(payload, Base64.getEncoder().encodeToString((changed + " ").getBytes(UTF_8))));
        assertThat(commands.verify(administrator, proof)).contains("NOT PROVEN", "is not what");
    }
}
