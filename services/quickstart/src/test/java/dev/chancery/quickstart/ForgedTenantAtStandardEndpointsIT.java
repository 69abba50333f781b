package dev.chancery.quickstart;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.ContextFields;
import dev.chancery.quickstart.World.Client;
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

/** The same matrix for the faces that follow a standard: AuthZEN, OAuth, tiles, metrics. */
@Order(15)
class ForgedTenantAtStandardEndpointsIT {
    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String EVALUATION = "/access/v1/evaluation";
    private static final String TOKEN = "/oauth/token";
    private static final String CHECKPOINT = "/ledger/v1/checkpoint";

    private final World world = World.shared();
    private final Refusal refusal = new Refusal(world);
    private Map<String, Long> before = Map.of();

    /** One request that succeeds for whom it is meant. */
    @SuppressWarnings("ArrayRecordComponent") // sent, never compared
    record Good(String verb, String path, Map<String, String> headers, byte[] body, boolean open) {
        @Override
        public String toString() {
            return verb + " " + path;
        }
    }

    static Stream<Good> faces() {
        World world = World.shared();
        Stream<Good> files = Stream.of(
                        CHECKPOINT,
                        "/ledger/v1/contract.binpb",
                        "/ledger/v1/tile/0/000.p/1",
                        "/ledger/v1/tile/entries/000.p/1",
                        "/ledger/v1/bodies/000.p/1")
                .map(path -> new Good("GET", path, world.a.headers(), new byte[0], false));
        String form = World.tokenForm(world.assertion(world.a.clientId(), SigningKey.generate()));
        return Stream.concat(
                files,
                Stream.of(
                        new Good("GET", "/metrics", world.owner.headers(), new byte[0], false),
                        new Good(
                                "POST",
                                EVALUATION,
                                world.a.headers(),
                                question(world.a).encode().getBytes(UTF_8),
                                false),
                        new Good("POST", TOKEN, Map.of("Content-Type", FORM), form.getBytes(UTF_8), true),
                        new Good("GET", "/oauth/jwks.json", Map.of(), new byte[0], true),
                        new Good("GET", "/.well-known/oauth-authorization-server", Map.of(), new byte[0], true)));
    }

    static Stream<Good> authenticated() {
        return faces().filter(face -> !face.open());
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
                        new JsonObject().put("type", "role").put("id", "r").put("properties", new JsonObject()))
                .put("context", new JsonObject().put("list", new JsonArray().add(new JsonObject())));
    }

    @BeforeEach
    void measure() {
        before = world.lengths();
    }

    @AfterEach
    void nothingWasWritten() {
        assertThat(world.lengths()).isEqualTo(before);
    }

    private Reply send(Good face, String query, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(face.headers());
        headers.putAll(more);
        return world.wire.http(face.verb(), face.path() + query, headers, face.body());
    }

    @ParameterizedTest
    @MethodSource("authenticated")
    void theRequestSucceedsForItsRightfulCaller(Good face) {
        Reply reply = send(face, "", Map.of());
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
    }

    @ParameterizedTest
    @MethodSource("faces")
    void aNameOfContextIsRefusedInHeadersQueryAndCookies(Good face) {
        for (String name : ContextFields.names()) {
            String value = world.b.tenant();
            for (String header : List.of(name, "X-" + name, "X-Chancery-" + name)) {
                refusal.check(send(face, "", Map.of(header, value)), 400, "request.context-field", value);
            }
            refusal.check(send(face, "?" + name + "=" + value, Map.of()), 400, "request.context-field", value);
            refusal.check(send(face, "", Map.of("Cookie", name + "=" + value)), 400, "request.context-field", value);
        }
    }

    @ParameterizedTest
    @MethodSource("authenticated")
    void aForgedTokenIsWorthNothing(Good face) {
        ForgedTokens.of(world).forEach((what, forged) -> {
            Reply reply = send(face, "", Map.of("Authorization", "Bearer " + forged.token()));
            assertThat(reply.code()).as("%s: %s", what, reply).isEqualTo(forged.code());
            refusal.check(reply, 401, forged.code(), forged.token().length() > 10 ? forged.token() : "canary");
        });
        refusal.check(world.wire.http(face.verb(), face.path(), Map.of(), face.body()), 401, "auth.token-missing");
    }

    /** Each tenant has one ledger in these paths: its own. */
    @Test
    void aLedgerIsReadByItsOwnTenantOnly() {
        for (Client client : List.of(world.a, world.b)) {
            Reply checkpoint = world.wire.http("GET", CHECKPOINT, client.headers(), new byte[0]);
            assertThat(checkpoint.text()).startsWith(world.inside.instanceId() + "/" + client.tenant() + "\n");
        }
        for (String file : List.of("tile/entries/000.p/1", "bodies/000.p/1")) {
            Reply ofB = world.wire.http("GET", "/ledger/v1/" + file, world.b.headers(), new byte[0]);
            assertThat(ofB.succeeded()).as("%s", ofB).isTrue();
            assertThat(new String(ofB.body(), ISO_8859_1))
                    .contains(world.b.tenant())
                    .doesNotContain(world.a.tenant());
        }
        for (Client client : List.of(world.a, world.b)) {
            refusal.check(world.wire.http("GET", "/metrics", client.headers(), new byte[0]), 403, "auth.forbidden");
        }
    }

    /** Somebody of another tenant is to a caller as somebody who does not exist. */
    @Test
    void anotherTenantsPrincipalIsUnknown() {
        Reply theirs = evaluate(world.b, question(world.a));
        assertThat(theirs.json().getBoolean("decision")).isFalse();
        assertThat(theirs.said())
                .isEqualTo(evaluate(world.b, question(UUID.randomUUID().toString()))
                        .said());
        assertThat(theirs.everything()).doesNotContain(world.a.tenant()).doesNotContain(administrator(world.a));
    }

    private Reply evaluate(Client caller, JsonObject question) {
        return world.wire.http(
                "POST", EVALUATION, caller.headers(), question.encode().getBytes(UTF_8));
    }

    @Test
    void aNameOfContextIsRefusedAtAnyDepthOfAQuestion() {
        for (String name : ContextFields.names()) {
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
                JsonObject question = question(world.a);
                JsonObject part = question;
                for (String step : path.isEmpty() ? new String[0] : path.split("/")) {
                    part = part.getJsonObject(step);
                }
                part.put(name, world.b.tenant());
                refusal.check(evaluate(world.a, question), 400, "request.context-field", world.b.tenant());
            }
            JsonObject question = question(world.a);
            question.getJsonObject("context")
                    .getJsonArray("list")
                    .getJsonObject(0)
                    .put(name, world.b.tenant());
            refusal.check(evaluate(world.a, question), 400, "request.context-field", world.b.tenant());
        }
    }

    /** With a good assertion, which none of these requests uses up. */
    @Test
    void aNameOfContextIsRefusedInATokenRequest() {
        String form = World.tokenForm(world.assertion(world.a.clientId(), world.a.key()));
        for (String name : ContextFields.names()) {
            Reply reply = world.wire.http(
                    "POST",
                    TOKEN,
                    Map.of("Content-Type", FORM),
                    (form + "&" + name + "=" + world.b.tenant()).getBytes(UTF_8));
            assertThat(reply.status()).as("%s", reply).isEqualTo(400);
            assertThat(reply.json().getString("error")).isEqualTo("invalid_request");
            refusal.givesNothingAway(reply, world.b.tenant());
        }
    }
}
