package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.client.DecisionPointSettings;
import dev.chancery.client.LocalDecision;
import dev.chancery.client.LocalDecisionPoint;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckAllRequest;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.Consistency;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.ProveDecisionRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.access.v1.SearchActionsRequest;
import dev.chancery.schema.access.v1.SearchResourcesRequest;
import dev.chancery.schema.access.v1.SearchSubjectsRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.ledger.v1.GetDecisionProofRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what, on what, and as of when: over AuthZEN, REST and gRPC, against the packaged process. */
@Order(28)
class DecisionsIT {
    private static final String SUBJECT = "/access/v1/search/subject";
    private static final String RESOURCE = "/access/v1/search/resource";
    private static final String ACTION = "/access/v1/search/action";

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client administrator = shared.owner;
    private Client reader = shared.owner;
    private String place = "";
    private String assignment = "";
    private String newest = "";

    @BeforeEach
    void anOrganisation() {
        administrator = calls.organisation();
        for (String capability : List.of("record:read", "record:write", "workspace:enter")) {
            done(DefineCapabilityRequest.newBuilder().setCapability(capability));
        }
        done(DefineRoleRequest.newBuilder()
                .setRole("reader")
                .addCapabilities("record:read")
                .addCapabilities("workspace:enter"));
        reader = calls.somebody(administrator);
        place = done(CreateWorkspaceRequest.newBuilder().setName("a place"))
                .json()
                .getString("workspaceId");
        assignment = done(AssignRoleRequest.newBuilder()
                        .setPrincipalId(id(reader))
                        .setRole("reader")
                        .setWorkspaceId(place))
                .json()
                .getString("assignmentId");
    }

    private Reply done(com.google.protobuf.Message.Builder request) {
        Reply reply = calls.done(administrator, request);
        newest = reply.position().isEmpty() ? newest : reply.position();
        return reply;
    }

    private static String id(Client client) {
        return OrganisationCalls.id(client);
    }

    private long position() {
        return Long.parseLong(newest.substring(newest.indexOf('@') + 1));
    }

    private Reply send(String path, JsonObject body) {
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Chancery-Position", newest);
        return shared.wire.http("POST", path, headers, body.encode().getBytes(UTF_8));
    }

    private JsonObject answered(String path, JsonObject body) {
        Reply reply = send(path, body);
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        return reply.json();
    }

    private JsonObject question(String verb, String type, String id) {
        JsonObject resource = new JsonObject().put("type", type).put("id", id);
        if (!type.equals("workspace")) {
            resource.put("properties", new JsonObject().put("workspace", place));
        }
        return new JsonObject()
                .put("subject", new JsonObject().put("type", "agent").put("id", id(reader)))
                .put("action", new JsonObject().put("name", verb))
                .put("resource", resource)
                .put("unknown", 5)
                .put("context", new JsonObject().put("ip", "192.0.2.1"));
    }

    private JsonObject path(String capability) {
        return new JsonObject()
                .put("assignment_id", assignment)
                .put("role", "reader")
                .put("scope", place)
                .put("capability", capability);
    }

    @Test
    void searchesFindWhatAnEvaluationGrantsAndSayWhy() {
        JsonObject ask = question("read", "record", "r-1");
        JsonObject decided = answered("/access/v1/evaluation", ask).getJsonObject("context");
        assertThat(decided.getString("reason")).isEqualTo("granted");
        assertThat(decided.getMap()).containsAllEntriesOf(path("record:read").getMap());

        JsonObject subjects = answered(SUBJECT, ask);
        assertThat(subjects.getJsonArray("results"))
                .isEqualTo(new JsonArray()
                        .add(new JsonObject()
                                .put("type", "agent")
                                .put("id", id(reader))
                                .put("properties", path("record:read"))));
        assertThat(subjects.getJsonObject("page"))
                .isEqualTo(new JsonObject().put("next_token", "").put("count", 1));
        assertThat(subjects.getJsonObject("context").getLong("position")).isEqualTo(position());

        assertThat(answered(ACTION, ask).getJsonArray("results"))
                .isEqualTo(new JsonArray()
                        .add(new JsonObject().put("name", "read").put("properties", path("record:read"))));

        JsonObject places = answered(RESOURCE, question("enter", "workspace", "ignored"));
        assertThat(places.getJsonArray("results"))
                .isEqualTo(new JsonArray()
                        .add(new JsonObject()
                                .put("type", "workspace")
                                .put("id", place)
                                .put("properties", path("workspace:enter"))));
        JsonObject own = answered(RESOURCE, ask);
        assertThat(own.getJsonArray("results")).isEmpty();
        assertThat(own.getJsonObject("context").getJsonArray("scopes")).containsExactly(place);
    }

    @Test
    void grpcAnswersTheSame() {
        Reply subjects = grpc(SearchSubjectsRequest.newBuilder()
                .setCapability("record:read")
                .setSubjectType("agent")
                .setWorkspaceId(place));
        assertThat(subjects.json().getJsonArray("subjects").getJsonObject(0).getString("principalId"))
                .isEqualTo(id(reader));
        assertThat(subjects.json()
                        .getJsonArray("subjects")
                        .getJsonObject(0)
                        .getJsonObject("path")
                        .getString("assignmentId"))
                .isEqualTo(assignment);
        assertThat(grpc(SearchActionsRequest.newBuilder()
                                .setPrincipalId(id(reader))
                                .setWorkspaceId(place))
                        .json()
                        .getJsonArray("actions"))
                .extracting(action -> ((JsonObject) action).getString("capability"))
                .containsExactly("record:read", "workspace:enter");
        assertThat(grpc(SearchResourcesRequest.newBuilder()
                                .setPrincipalId(id(reader))
                                .setCapability("workspace:enter"))
                        .json()
                        .getJsonArray("resources"))
                .extracting(resource -> ((JsonObject) resource).getString("resourceId"))
                .containsExactly(place);
        Reply both = grpc(CheckAllRequest.newBuilder()
                .addChecks(CheckRequest.newBuilder()
                        .setPrincipalId(id(reader))
                        .setCapability("record:read")
                        .setWorkspaceId(place))
                .addChecks(CheckRequest.newBuilder()
                        .setPrincipalId(id(reader))
                        .setCapability("record:read")
                        .setConsistency(Consistency.newBuilder().setExact(0))));
        assertThat(both.json().getJsonArray("answers"))
                .extracting(answer -> ((JsonObject) answer).getString("reason"))
                .containsExactly("granted", "unknown-principal");
    }

    private Reply grpc(com.google.protobuf.Message.Builder request) {
        String name = request.getDescriptorForType().getName().replaceFirst("Request$", "");
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Chancery-Position", newest);
        Reply reply =
                shared.wire.grpc(shared.method("chancery.access.v1.AccessService/" + name), request.build(), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply;
    }

    @Test
    void whatWasTrueThenIsStillAnswered() {
        long granted = position();
        done(RevokeAssignmentRequest.newBuilder().setAssignmentId(assignment).setPrincipalId(id(reader)));
        long revoked = position();
        JsonObject ask = question("read", "record", "r-1");

        assertThat(decision(ask, "exact", granted)).isTrue();
        assertThat(decision(ask, "exact", granted - 2)).isFalse();
        assertThat(decision(ask, "exact", revoked)).isFalse();
        assertThat(decision(ask, "at_least", granted)).isFalse();
        assertThat(decision(ask, "as_of", Instant.now().toString())).isFalse();
        assertThat(answered(SUBJECT, as(ask, "exact", granted)).getJsonArray("results"))
                .hasSize(1);
        assertThat(answered(SUBJECT, ask).getJsonArray("results")).isEmpty();
        assertThat(answered("/access/v1/evaluation", as(ask, "exact", granted))
                        .getJsonObject("context")
                        .getLong("position"))
                .isEqualTo(granted);

        for (Map.Entry<String, Object> no : Map.<String, Object>of(
                        "exact", revoked + 1_000, "at_least", revoked + 1_000, "as_of", "2999-01-01T00:00:00Z")
                .entrySet()) {
            refused(as(ask, no.getKey(), no.getValue()), "access.ahead");
        }
        refused(as(ask, "as_of", "2001-01-01T00:00:00Z"), "access.before-beginning");
        refused(as(ask, "exact", -1), "request.invalid-field");
        refused(as(ask, "exact", "7"), "request.invalid-field");
        refused(as(ask, "as_of", "yesterday"), "request.invalid-field");
        refused(as(ask, "newest", 1), "request.invalid-field");
    }

    private void refused(JsonObject ask, String code) {
        Reply reply = send("/access/v1/evaluation", ask);
        assertThat(reply.status()).as("%s", reply).isEqualTo(400);
        assertThat(reply.code()).isEqualTo(code);
    }

    private boolean decision(JsonObject ask, String mode, Object value) {
        return answered("/access/v1/evaluation", as(ask, mode, value)).getBoolean("decision");
    }

    private static JsonObject as(JsonObject ask, String mode, Object value) {
        return ask.copy()
                .put("context", new JsonObject().put("chancery_consistency", new JsonObject().put(mode, value)));
    }

    @Test
    void pagesAreCompleteAndWithoutDoublesWhileGrantsChange() {
        List<String> holders = new ArrayList<>(List.of(id(reader)));
        List<String> grants = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            Client one = calls.somebody(administrator);
            holders.add(id(one));
            grants.add(calls.assign(administrator, one, "reader"));
        }
        newest = done(DefineCapabilityRequest.newBuilder().setCapability("record:list"))
                .position();
        JsonObject ask = question("read", "record", "r-1");
        List<String> found = new ArrayList<>();
        String token = "";
        int page = 0;
        do {
            JsonObject paged =
                    ask.copy().put("page", new JsonObject().put("limit", 3).put("token", token));
            JsonObject answer = answered(SUBJECT, paged);
            answer.getJsonArray("results").forEach(one -> found.add(((JsonObject) one).getString("id")));
            token = answer.getJsonObject("page").getString("next_token");
            if (page++ == 0) {
                assertThat(send(
                                        SUBJECT,
                                        question("write", "record", "r-1")
                                                .put(
                                                        "page",
                                                        paged.getJsonObject("page")
                                                                .copy()
                                                                .put("token", token)))
                                .code())
                        .isEqualTo("access.page");
                String forged = (token.startsWith("A") ? "B" : "A") + token.substring(1);
                assertThat(send(SUBJECT, ask.copy().put("page", new JsonObject().put("token", forged)))
                                .code())
                        .isEqualTo("access.page");
                calls.assign(administrator, calls.somebody(administrator), "reader");
                done(RevokeAssignmentRequest.newBuilder()
                        .setAssignmentId(grants.getLast())
                        .setPrincipalId(holders.getLast()));
                done(RetireRoleRequest.newBuilder().setRole("reader"));
            }
        } while (!token.isEmpty());

        assertThat(found).containsExactlyElementsOf(holders.stream().sorted().toList());
        assertThat(page).isEqualTo(3);
        assertThat(answered(SUBJECT, ask).getJsonArray("results")).isEmpty();
    }

    @Test
    void whoMaySearchIsToldAndWhoMayNotIsNot() {
        JsonObject ask = question("read", "record", "r-1");
        Reply refused =
                shared.wire.http("POST", SUBJECT, reader.headers(), ask.encode().getBytes(UTF_8));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(send(ACTION, ask.copy().put("subject", "x")).status()).isEqualTo(400);
        assertThat(send(SUBJECT, ask.copy().putNull("action")).status()).isEqualTo(400);
        assertThat(send(SUBJECT, ask.copy().put("page", new JsonObject().put("limit", -1)))
                        .status())
                .isEqualTo(400);
        JsonObject none = answered(SUBJECT, ask.copy().put("page", new JsonObject().put("limit", 0)));
        assertThat(none.getJsonArray("results")).isEmpty();
        assertThat(none.getJsonObject("page").getString("next_token")).isNotEmpty();
    }

    @Test
    void anApplicationsOwnDecisionPointAnswersAsTheServerDoes() {
        SigningKey key = SigningKey.generate();
        JsonObject service = done(CreatePrincipalRequest.newBuilder()
                        .setType(PrincipalType.SERVICE)
                        .setDisplayName("an application")
                        .setPublicKey(OrganisationCalls.bytes(key)))
                .json();
        done(DefineRoleRequest.newBuilder().setRole("follower").addCapabilities("access:follow"));
        done(AssignRoleRequest.newBuilder()
                .setPrincipalId(service.getString("principalId"))
                .setRole("follower"));
        String[] grpc = shared.instance.grpc().split(":");
        var settings = DecisionPointSettings.of(
                        grpc[0],
                        Integer.parseInt(grpc[1]),
                        shared.instance.http(),
                        service.getString("clientId"),
                        key.pair().getPrivate())
                .withoutTls();

        try (var point = LocalDecisionPoint.start(settings)) {
            assertThat(point.awaitPosition(position(), Duration.ofSeconds(20)))
                    .as("%s", point.trouble())
                    .isTrue();
            agree(point);
            done(RevokeAssignmentRequest.newBuilder()
                    .setAssignmentId(assignment)
                    .setPrincipalId(id(reader)));
            assertThat(point.awaitPosition(position(), Duration.ofSeconds(20))).isTrue();
            assertThat(point.check(id(reader), "record:read", place).reason()).isEqualTo("no-grant");
            agree(point);
            assertThat(point.age()).isLessThan(Duration.ofSeconds(2));
        }
    }

    @Test
    void aDecisionIsRecordedAndProvenOffline(@TempDir Path directory) throws Exception {
        byte[] request = "read r-1".getBytes(UTF_8);
        Reply made = done(ProveDecisionRequest.newBuilder()
                .setPrincipalId(id(reader))
                .setCapability("record:read")
                .setWorkspaceId(place)
                .setRequestHash(
                        ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(request))));
        assertThat(made.json().getBoolean("decision")).isTrue();
        assertThat(made.json().getJsonObject("path").getString("assignmentId")).isEqualTo(assignment);
        Reply denied = done(
                ProveDecisionRequest.newBuilder().setPrincipalId(id(reader)).setCapability("record:write"));
        assertThat(denied.json().getString("reason")).isEqualTo("no-grant");
        long at = Long.parseLong(made.position().substring(made.position().indexOf('@') + 1));

        Files.writeString(directory.resolve("decision"), proof(at));
        Files.write(directory.resolve("request"), request);
        Files.writeString(
                directory.resolve("trust"),
                String.join(
                                "\n",
                                ledger(GetCheckpointRequest.newBuilder()).json().getJsonArray("verifierKeys").stream()
                                        .map(Object::toString)
                                        .toList())
                        + "\n");
        var out = new ByteArrayOutputStream();
        int code = dev.chancery.auditor.Main.run(
                new String[] {
                    "decision",
                    directory.resolve("decision").toString(),
                    "--trust",
                    directory.resolve("trust").toString(),
                    "--request",
                    directory.resolve("request").toString()
                },
                new PrintStream(out, true, UTF_8),
                System.err);
        assertThat(code).as("%s", out).isZero();
        assertThat(out.toString(UTF_8))
                .contains("decision    granted", "capability  record:read", assignment, "in workspace " + place);

        Reply none = ledgerReply(GetDecisionProofRequest.newBuilder().setPosition(0));
        assertThat(none.code()).isEqualTo("ledger.no-decision");
    }

    /** Once a checkpoint covers it. */
    private String proof(long at) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        Reply reply;
        do {
            reply = ledgerReply(GetDecisionProofRequest.newBuilder().setPosition(at));
        } while (!reply.succeeded() && System.nanoTime() < deadline);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json().getString("proof");
    }

    private Reply ledger(com.google.protobuf.Message.Builder request) {
        Reply reply = ledgerReply(request);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply;
    }

    private Reply ledgerReply(com.google.protobuf.Message.Builder request) {
        String name = request.getDescriptorForType().getName().replaceFirst("Request$", "");
        return shared.wire.grpc(
                shared.method("chancery.ledger.v1.LedgerService/" + name),
                request.build(),
                new HashMap<>(administrator.headers()));
    }

    private void agree(LocalDecisionPoint point) {
        var all = CheckAllRequest.newBuilder();
        for (String who :
                List.of(id(reader), id(administrator), UUID.randomUUID().toString())) {
            for (String capability : List.of("record:read", "record:write", "role:define", "x:y")) {
                for (String where : List.of("", place, UUID.randomUUID().toString())) {
                    all.addChecks(CheckRequest.newBuilder()
                            .setPrincipalId(who)
                            .setCapability(capability)
                            .setWorkspaceId(where));
                }
            }
        }
        JsonArray answers = grpc(all).json().getJsonArray("answers");
        for (int i = 0; i < all.getChecksCount(); i++) {
            CheckRequest asked = all.getChecks(i);
            JsonObject there = answers.getJsonObject(i);
            LocalDecision here = point.check(asked.getPrincipalId(), asked.getCapability(), asked.getWorkspaceId());
            assertThat(here.reason()).as("%s", asked).isEqualTo(there.getString("reason"));
            assertThat(here.assignmentId()).isEqualTo(there.getString("assignmentId", ""));
            assertThat(here.role()).isEqualTo(there.getString("role", ""));
        }
    }
}
