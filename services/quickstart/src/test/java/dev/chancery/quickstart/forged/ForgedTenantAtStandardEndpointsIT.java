package dev.chancery.quickstart.forged;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.ContextFields;
import dev.chancery.quickstart.instance.RefusalCheck;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.Contract;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same matrix for the endpoints that follow a standard: AuthZEN, OAuth, tiles, metrics. */
@Order(15)
class ForgedTenantAtStandardEndpointsIT {
    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String EVALUATION = "/access/v1/evaluation";
    private static final String TOKEN = "/oauth/token";
    private static final String REVOKE = "/oauth/revoke";
    private static final String CHECKPOINT = "/ledger/v1/checkpoint";

    private final SharedInstance shared = SharedInstance.shared();
    private final RefusalCheck refusal = new RefusalCheck(shared);
    private Map<String, Long> before = Map.of();

    /** One request that succeeds for whom it is meant. */
    @SuppressWarnings("ArrayRecordComponent") // sent, never compared
    record Good(String verb, String path, Map<String, String> headers, byte[] body, boolean open) {
        @Override
        public String toString() {
            return verb + " " + path;
        }
    }

    static Stream<Good> apis() {
        SharedInstance shared = SharedInstance.world();
        Stream<Good> files = Stream.of(
                        CHECKPOINT,
                        "/ledger/v1/contract.binpb",
                        "/ledger/v1/tile/0/000.p/1",
                        "/ledger/v1/tile/entries/000.p/1",
                        "/ledger/v1/bodies/000.p/1")
                .map(path -> new Good("GET", path, shared.a.headers(), new byte[0], false));
        String form = SharedInstance.tokenForm(shared.assertion(shared.a.clientId(), SigningKey.generate()));
        Stream<Good> searches = Stream.of("subject", "resource", "action")
                .map(what -> new Good(
                        "POST",
                        "/access/v1/search/" + what,
                        shared.a.headers(),
                        question(shared.a).encode().getBytes(UTF_8),
                        false));
        return Stream.concat(
                Stream.concat(files, searches),
                Stream.of(
                        new Good("GET", "/metrics", shared.owner.headers(), new byte[0], false),
                        new Good(
                                "POST",
                                EVALUATION,
                                shared.a.headers(),
                                question(shared.a).encode().getBytes(UTF_8),
                                false),
                        new Good("POST", TOKEN, Map.of("Content-Type", FORM), form.getBytes(UTF_8), true),
                        new Good("POST", REVOKE, Map.of("Content-Type", FORM), "token=nobodys".getBytes(UTF_8), true),
                        new Good("GET", "/oauth/jwks.json", Map.of(), new byte[0], true),
                        new Good("GET", "/openapi.json", Map.of(), new byte[0], true),
                        new Good(
                                "POST",
                                EVALUATION + "s",
                                shared.a.headers(),
                                question(shared.a).encode().getBytes(UTF_8),
                                false),
                        new Good("GET", "/.well-known/authzen-configuration", Map.of(), new byte[0], true),
                        new Good("GET", "/.well-known/oauth-authorization-server", Map.of(), new byte[0], true)));
    }

    static Stream<Good> authenticated() {
        return apis().filter(api -> !api.open());
    }

    /** What the contract declares is tried here, or has nothing that tells one tenant from another. */
    @Test
    void everyStandardEndpointIsTried() {
        List<String> untold = List.of("/errors/{code}", "/q/health", "/q/health/live", "/q/health/ready");
        assertThat(Contract.load().endpoints())
                .filteredOn(endpoint -> !endpoint.isGrpc() && !untold.contains(endpoint.path()))
                .allSatisfy(endpoint -> assertThat(apis().filter(api -> endpoint.answers(api.verb(), api.path())))
                        .as("%s", endpoint)
                        .isNotEmpty()
                        .allMatch(api -> api.open() == endpoint.isPublic()));
    }

    private static String administrator(Client client) {
        return client.clientId().substring(client.tenant().length() + 1);
    }

    private static JsonObject question(Client about) {
        return question(administrator(about));
    }

    private static JsonObject question(String subject) {
        return new JsonObject()
                .put(
                        "subject",
                        new JsonObject().put("type", "user").put("id", subject).put("properties", new JsonObject()))
                .put("action", new JsonObject().put("name", "read").put("properties", new JsonObject()))
                .put(
                        "resource",
                        new JsonObject()
                                .put("type", "role")
                                .put("id", "administrator")
                                .put("properties", new JsonObject()))
                .put("context", new JsonObject().put("list", new JsonArray().add(new JsonObject())));
    }

    @BeforeEach
    void measure() {
        before = shared.records.lengths();
    }

    @AfterEach
    void nothingWasWritten() {
        assertThat(shared.records.lengths()).isEqualTo(before);
    }

    private Reply send(Good api, String query, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(api.headers());
        headers.putAll(more);
        return shared.wire.http(api.verb(), api.path() + query, headers, api.body());
    }

    @ParameterizedTest
    @MethodSource("authenticated")
    void theRequestSucceedsForItsRightfulCaller(Good api) {
        Reply reply = send(api, "", Map.of());
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
    }

    @ParameterizedTest
    @MethodSource("apis")
    void aNameOfContextIsRefusedInOurHeadersAndInTheQuery(Good api) {
        for (String name : ContextFields.names()) {
            String value = shared.b.tenant();
            for (String header : List.of("Chancery-" + name, "X-Chancery-" + name)) {
                refusal.check(send(api, "", Map.of(header, value)), 400, "request.context-field", value);
            }
            refusal.check(send(api, "?" + name + "=" + value, Map.of()), 400, "request.context-field", value);
        }
    }

    @ParameterizedTest
    @MethodSource("apis")
    void whatGatewaysAndBrowsersAddChangesNothing(Good api) {
        Reply plain = send(api, "", Map.of());
        Reply reply = send(api, "", ForgedTenantIT.ofGateways(shared.b.tenant()));
        assertThat(reply.status()).isEqualTo(plain.status());
        if (!api.path().equals("/metrics")) {
            assertThat(reply.said()).isEqualTo(plain.said());
        }
        assertThat(reply.everything()).doesNotContain(shared.b.tenant());
    }

    @ParameterizedTest
    @MethodSource("authenticated")
    void aForgedTokenIsWorthNothing(Good api) {
        ForgedTokens.of(shared).forEach((what, forged) -> {
            Reply reply = send(api, "", Map.of("Authorization", "Bearer " + forged.token()));
            assertThat(reply.code()).as("%s: %s", what, reply).isEqualTo(forged.code());
            refusal.check(reply, 401, forged.code(), forged.token().length() > 10 ? forged.token() : "canary");
        });
        refusal.check(shared.wire.http(api.verb(), api.path(), Map.of(), api.body()), 401, "auth.token-missing");
    }

    /** Each tenant has one ledger in these paths: its own. */
    @Test
    void aLedgerIsReadByItsOwnTenantOnly() {
        for (Client client : List.of(shared.a, shared.b)) {
            Reply checkpoint = shared.wire.http("GET", CHECKPOINT, client.headers(), new byte[0]);
            assertThat(checkpoint.text()).startsWith(shared.inside.instanceId() + "/" + client.tenant() + "\n");
        }
        for (String file : List.of("tile/entries/000.p/1", "bodies/000.p/1")) {
            Reply ofB = shared.wire.http("GET", "/ledger/v1/" + file, shared.b.headers(), new byte[0]);
            assertThat(ofB.succeeded()).as("%s", ofB).isTrue();
            assertThat(new String(ofB.body(), ISO_8859_1))
                    .contains(shared.b.tenant())
                    .doesNotContain(shared.a.tenant());
        }
        for (Client client : List.of(shared.a, shared.b)) {
            refusal.check(shared.wire.http("GET", "/metrics", client.headers(), new byte[0]), 403, "auth.forbidden");
        }
    }

    /** Somebody of another tenant is to a caller as somebody who does not exist. */
    @Test
    void anotherTenantsPrincipalIsUnknown() {
        Reply theirs = evaluate(shared.b, question(shared.a));
        assertThat(theirs.json().getBoolean("decision")).isFalse();
        assertThat(theirs.said())
                .isEqualTo(evaluate(shared.b, question(UUID.randomUUID().toString()))
                        .said());
        assertThat(theirs.everything()).doesNotContain(shared.a.tenant()).doesNotContain(administrator(shared.a));
    }

    private Reply evaluate(Client caller, JsonObject question) {
        return shared.wire.http(
                "POST", EVALUATION, caller.headers(), question.encode().getBytes(UTF_8));
    }

    /** AuthZEN has its context and properties free: whatever they are called, nothing is decided by them. */
    @Test
    void aNameOfContextMovesNoDecision() {
        JsonObject theirs = question(shared.b);
        for (String name : ContextFields.names()) {
            for (JsonObject question : List.of(question(shared.a), theirs)) {
                for (String path : List.of(
                        "",
                        "subject",
                        "action",
                        "resource",
                        "context",
                        "subject/properties",
                        "action/properties",
                        "resource/properties")) {
                    if (path.equals("resource/properties") && name.equals("workspace")) {
                        continue; // where the question is about, which is a target
                    }
                    JsonObject part = question;
                    for (String step : path.isEmpty() ? new String[0] : path.split("/")) {
                        part = part.getJsonObject(step);
                    }
                    part.put(name, shared.b.tenant());
                }
            }
        }
        assertThat(evaluate(shared.a, theirs).said())
                .isEqualTo(evaluate(shared.a, question(shared.b)).said());
        assertThat(evaluate(shared.a, theirs).json().getBoolean("decision")).isFalse();
    }

    /** Somebody else's workspace is no place to be allowed something in. */
    @Test
    void anotherTenantsWorkspaceIsUnknown() {
        JsonObject question = question(shared.a);
        String theirs = shared.requests
                .standing(shared.method("chancery.access.v1.AccessService/AssignRole"), shared.b)
                .get("workspace");
        before = shared.records.lengths();
        question.getJsonObject("resource").getJsonObject("properties").put("workspace", theirs);
        Reply reply = evaluate(shared.a, question);
        assertThat(reply.json().getBoolean("decision")).as("%s", reply).isFalse();
        assertThat(reply.json().getJsonObject("context").getString("reason")).isEqualTo("unknown-workspace");
    }

    /** With a good assertion, which none of these requests uses up. */
    @Test
    void aNameOfContextIsRefusedInATokenRequest() {
        String form = SharedInstance.tokenForm(shared.assertion(shared.a.clientId(), shared.a.key()));
        for (String name : ContextFields.names()) {
            Reply reply = shared.wire.http(
                    "POST",
                    TOKEN,
                    Map.of("Content-Type", FORM),
                    (form + "&" + name + "=" + shared.b.tenant()).getBytes(UTF_8));
            assertThat(reply.status()).as("%s", reply).isEqualTo(400);
            assertThat(reply.json().getString("error")).isEqualTo("invalid_request");
            refusal.givesNothingAway(reply, shared.b.tenant());
        }
    }
}
