package dev.chancery.quickstart;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import dev.chancery.quickstart.World.Client;
import dev.chancery.schema.ContractMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad input gets a problem with a stable code; nothing is written, nothing of the input or of the inside comes back. */
@Order(20)
class BadInputIT {
    private static final int MAX_BODY_BYTES = 64 * 1024;
    private static final String CREATE_WORKSPACE = "chancery.identity.v1.IdentityService/CreateWorkspace";
    private static final String CHECK = "chancery.access.v1.AccessService/Check";
    private static final String LIST_ROLES = "chancery.rbac.v1.RbacService/ListRoles";
    private static final String KEY = "Idempotency-Key";

    private final World world = World.shared();
    private final Refusal refusal = new Refusal(world);
    private final String canary = World.secret("canary" + World.unique());
    private Map<String, Long> before = Map.of();

    @BeforeEach
    void measure() {
        World.shared().standing(world.method("chancery.access.v1.AccessService/RevokeAssignment"), world.a);
        before = world.lengths();
    }

    @AfterEach
    void nothingWasWritten() {
        assertThat(world.lengths()).isEqualTo(before);
    }

    static Stream<String> withBody() {
        return World.shared().contract.methods().stream()
                .filter(method -> method.httpMethod().equals("POST"))
                .map(ContractMethod::fullName);
    }

    static Stream<String> withQuery() {
        return World.shared().contract.methods().stream()
                .filter(method -> method.httpMethod().equals("GET"))
                .map(ContractMethod::fullName);
    }

    // Bodies, of every method that takes one

    @ParameterizedTest
    @MethodSource("withBody")
    void aFieldThatTheMethodDoesNotHaveIsRefused(String name) {
        Sent sent = new Sent(name);
        JsonObject body = sent.body();
        for (String field : List.of(
                canary,
                "",
                "__proto__",
                "@type",
                "$",
                "principalID",
                body.fieldNames().iterator().next() + " ")) {
            refuse(sent.post(body.copy().put(field, canary)), 400, "request.unknown-field");
        }
    }

    @ParameterizedTest
    @MethodSource("withBody")
    void aValueOfAnotherTypeIsRefused(String name) {
        Sent sent = new Sent(name);
        for (FieldDescriptor field : sent.method.input().getFields()) {
            if (sent.method.pathTemplate().variables().contains(field.getName())) {
                continue;
            }
            for (Object wrong : wrongFor(field)) {
                Reply reply = sent.post(sent.body().put(field.getJsonName(), wrong));
                assertThat(reply.code())
                        .as("%s %s: %s", field.getName(), wrong, reply)
                        .isIn("request.malformed", "request.invalid-field", "request.unknown-field");
                refusal.check(reply, canary);
                assertThat(reply.status()).isEqualTo(400);
            }
        }
    }

    private List<Object> wrongFor(FieldDescriptor field) {
        JsonObject object = new JsonObject().put("value", canary);
        List<Object> always = List.of(object, new JsonArray().add(new JsonArray().add(canary)), true, 1.5, -1, 1e300);
        List<Object> more =
                switch (field.getJavaType()) {
                    case STRING, BYTE_STRING -> List.of(5, "\u0000" + canary, "a".repeat(5_000));
                    case ENUM -> List.of(canary, 99, 0, "");
                    case INT, LONG -> List.of(canary, "99999999999999999999", "", " 1");
                    default -> List.of(canary);
                };
        Stream<Object> all = Stream.concat(always.stream(), more.stream());
        if (field.isRepeated()) {
            all = Stream.concat(
                    all, Stream.of(canary, new JsonArray().addNull(), new JsonArray().add(5), new JsonArray()));
        } else {
            all = Stream.concat(all, Stream.of(new JsonArray(), new JsonArray().add(canary)));
        }
        boolean anyNumber = field.getJavaType() == JavaType.LONG;
        return all.filter(value -> !(anyNumber && value.equals(-1))).toList();
    }

    @ParameterizedTest
    @MethodSource("withBody")
    void aBodyThatIsNotOneJsonObjectIsRefused(String name) {
        Sent sent = new Sent(name);
        String good = sent.body().encode();
        String first = sent.body().fieldNames().iterator().next();
        Map<String, byte[]> bad = new LinkedHashMap<>();
        bad.put("an array", utf8("[" + good + "]"));
        bad.put("a text", utf8("\"" + canary + "\""));
        bad.put("a number", utf8("5"));
        bad.put("null", utf8("null"));
        bad.put("white space", utf8("  "));
        bad.put("cut off", utf8(good.substring(0, good.length() - 1)));
        bad.put("two objects", utf8(good + good));
        bad.put("trailing text", utf8(good + canary));
        bad.put("trailing NUL", utf8(good + "\u0000"));
        bad.put("a name twice", utf8(good.substring(0, good.length() - 1) + ",\"" + first + "\":\"" + canary + "\"}"));
        bad.put("a comment", utf8("/* " + canary + " */" + good));
        bad.put("single quotes", utf8(good.replace('"', '\'')));
        bad.put("a name without quotes", utf8("{" + canary + ":1}"));
        bad.put("a trailing comma", utf8(good.substring(0, good.length() - 1) + ",}"));
        bad.put("a byte order mark", utf8("\uFEFF" + good));
        bad.put("UTF-16", good.getBytes(java.nio.charset.StandardCharsets.UTF_16));
        bad.put("Latin-1", ("{\"" + first + "\":\"" + canary + "\u00e4\"}").getBytes(ISO_8859_1));
        bad.put(
                "overlong UTF-8",
                concat(utf8("{\"" + first + "\":\""), new byte[] {(byte) 0xc0, (byte) 0x80}, utf8("\"}")));
        bad.put(
                "half a surrogate in UTF-8",
                concat(utf8("{\"" + first + "\":\""), new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}, utf8("\"}")));
        bad.put("half a surrogate escaped", utf8("{\"" + first + "\":\"\\ud800\"}"));
        bad.put("a raw NUL", utf8("{\"" + first + "\":\"" + canary + "\u0000\"}"));
        bad.put("a raw line break", utf8("{\"" + first + "\":\"" + canary + "\n\"}"));
        bad.put("deep arrays", utf8("{\"" + first + "\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}"));
        bad.put("not a number", utf8("{\"" + first + "\":NaN}"));
        bad.put("a very long number", utf8("{\"" + first + "\":" + "9".repeat(5_000) + "}"));
        bad.put("XML", utf8("<a>" + canary + "</a>"));
        bad.put("a form", utf8(first + "=" + canary));
        bad.put("protobuf", sent.request.toByteArray());
        bad.forEach((what, body) -> {
            Reply reply = sent.post(body, Map.of());
            assertThat(reply.code()).as("%s: %s", what, reply).isEqualTo("request.malformed");
            refuse(reply, 400, "request.malformed");
        });
        refuse(
                sent.post(utf8("{\"a\":".repeat(5_000) + "1" + "}".repeat(5_000)), Map.of()),
                400,
                "request.unknown-field");
    }

    @ParameterizedTest
    @MethodSource("withBody")
    void aBodyOfAnotherMediaTypeIsRefused(String name) {
        Sent sent = new Sent(name);
        for (String mediaType : List.of(
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/xml",
                "multipart/form-data",
                "*/*",
                "application/json; charset=utf-16",
                "application/problem+json",
                "application/jsonx",
                canary)) {
            refuse(sent.post(utf8(sent.body().encode()), Map.of("Content-Type", mediaType)), 415, "request.media-type");
        }
        refuse(
                sent.post(
                        utf8(sent.body().encode()),
                        Map.of("Content-Type", "application/json", "Content-Encoding", "gzip")),
                415,
                "request.media-type");
    }

    @ParameterizedTest
    @MethodSource("withBody")
    void aBodyOfMoreThan64KiBIsRefused(String name) {
        Sent sent = new Sent(name);
        byte[] body = utf8(sent.body().encode());
        byte[] padded = Arrays.copyOf(body, MAX_BODY_BYTES + 1);
        Arrays.fill(padded, body.length, padded.length, (byte) ' ');
        refuse(sent.post(padded, Map.of()), 413, "request.too-large");
        refuse(world.wire.http("POST", sent.path, sent.headers(Map.of()), padded, true), 413, "request.too-large");
        refuse(
                world.wire.http("POST", sent.path, sent.headers(Map.of()), new byte[1 << 20], true),
                413,
                "request.too-large");
    }

    @ParameterizedTest
    @MethodSource("withBody")
    void aRequiredFieldThatIsMissingIsRefused(String name) {
        Sent sent = new Sent(name);
        for (byte[] body : List.of(new byte[0], utf8("{}"))) {
            Reply reply = sent.post(body, Map.of());
            if (reply.succeeded()) {
                // All that the method needs stands in its path: it was a good request after all.
                assertThat(sent.method.pathTemplate().variables()).isNotEmpty();
                before = world.lengths();
            } else {
                refuse(reply, 400, "request.invalid-field");
            }
        }
    }

    // Queries

    @ParameterizedTest
    @MethodSource("withQuery")
    void aGetTakesNoBodyAndOnlyItsOwnParameters(String name) {
        Sent sent = new Sent(name);
        refuse(world.wire.http("GET", sent.path, sent.headers(Map.of()), utf8("{}")), 400, "request.malformed");
        refuse(sent.get("?" + canary + "=1"), 400, "request.unknown-field");
        for (FieldDescriptor field : sent.method.input().getFields()) {
            String parameter = field.getJsonName();
            Reply twice = sent.get("?" + parameter + "=1&" + parameter + "=2");
            assertThat(twice.code()).as("%s", twice).isIn("request.malformed", "request.invalid-field");
            refusal.check(twice);
            Reply wrong = sent.get("?" + parameter + "=" + canary + "%00");
            assertThat(wrong.code()).as("%s", wrong).isIn("request.malformed", "request.invalid-field");
            refusal.check(wrong, canary);
        }
        for (String bad : List.of("?a=%c0%80", "?tenant", "?pageSize=1;tenant=x")) {
            Reply reply = sent.raw("GET", sent.path + bad);
            assertThat(reply.status()).as("%s: %s", bad, reply).isEqualTo(400);
            refusal.check(reply);
        }
    }

    // Verbs and paths

    @ParameterizedTest
    @ValueSource(strings = {"PUT", "DELETE", "PATCH", "GET", "OPTIONS", "TRACE", "PROPFIND", "CANARY", "post"})
    void thereIsNothingForAnotherVerb(String verb) {
        Reply reply = new Sent(CREATE_WORKSPACE).raw(verb, "/identity/v1/workspaces");
        refuse(reply, 404, "request.no-such-path");
    }

    @Test
    void headHasNoBody() {
        Reply reply = new Sent(LIST_ROLES).raw("HEAD", "/rbac/v1/roles");
        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/canary",
                "/identity",
                "/identity/v1",
                "/identity/v1/",
                "/identity/v1/workspaces/x/y/z",
                "/identity/v2/workspaces",
                "/IDENTITY/V1/WORKSPACES",
                "/identity/v1/workspaces%2F",
                "/identity%2Fv1%2Fworkspaces",
                "/identity/v1/workspaces%00",
                "/identity/v1/workspaces;a=b",
                "/identity/v1/workspaces.json",
                "/errors/",
                "/errors/canary",
                "/errors/../errors/canary",
                "/q/",
                "/q/canary",
                "/q/dev",
                "/q/swagger-ui",
                "/q/openapi",
                "/q/metrics",
                "/q/arc",
                "/q/info",
                "/META-INF/MANIFEST.MF",
                "/application.properties",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/..%2f..%2fetc/passwd",
                "/.env",
                "/favicon.ico"
            })
    void thereIsNothingAtAnotherPath(String path) {
        Reply reply = new Sent(CREATE_WORKSPACE).raw("POST", path);
        assertThat(reply.status()).as("%s", reply).isEqualTo(404);
        refuse(reply, 404, "request.no-such-path");
        Reply got = new Sent(LIST_ROLES).raw("GET", path);
        refuse(got, 404, "request.no-such-path");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a%2Fb",
                "%2e%2e",
                "..",
                ".",
                "%2e",
                "%252e",
                "a%00b",
                "%ff",
                "a%0d%0aX-Canary:%201",
                "a;b",
                "a%20b",
                "%C3%A4",
                "a?b=c",
                "a%3Fb",
                "'%20OR%20'1'='1",
                "%E2%80%AE"
            })
    void aPathVariableIsCheckedAsItIsDecoded(String value) {
        Reply reply = new Sent(CREATE_WORKSPACE).raw("POST", "/access/v1/roles/" + value + "/retire");
        assertThat(reply.status()).as("%s", reply).isIn(400, 404);
        refusal.check(reply);
        assertThat(reply.headers()).doesNotContainKey("x-canary");
    }

    @Test
    void whatIsInThePathIsNowhereElse() {
        Sent sent = new Sent("chancery.access.v1.AccessService/RetireRole");
        refuse(sent.post(new JsonObject().put("role", "canary")), 400, "request.unknown-field");
        refuse(sent.post(new byte[0], Map.of(), "?role=canary"), 400, "request.unknown-field");
    }

    // Headers

    @ParameterizedTest
    @EnumSource
    void anIdempotencyKeyIsPrintableAsciiOfAtMost128Characters(Face face) {
        ContractMethod method = world.method(CREATE_WORKSPACE);
        Message request = world.example(method, world.a);
        for (String key : List.of("a b", "a".repeat(129))) {
            Reply reply = face.call(world.wire, method, request, with(world.a, Map.of(KEY, key)));
            refuse(reply, 400, "request.idempotency-key", key);
        }
        for (String key : List.of("", "\u00e4", "a\tb")) {
            Reply reply = new Sent(CREATE_WORKSPACE).raw("POST", "/identity/v1/workspaces", KEY + ": " + key);
            refuse(reply, 400, "request.idempotency-key");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPositionIsOneOfTheCallersOwnLog(Face face) {
        ContractMethod method = world.method(CHECK);
        Message request = World.fill(method, world.standing(method, world.a));
        String own = world.a.tenant();
        for (String position : List.of(
                canary,
                "5",
                "@5",
                own,
                own + "@",
                own + "@-1",
                own + "@05",
                own + "@1e3",
                own + "@9999999999999999999",
                own + "@5 ,",
                world.b.tenant() + "@0",
                "instance@0",
                own.toUpperCase(java.util.Locale.ROOT) + "@0")) {
            Reply reply = face.call(world.wire, method, request, with(world.a, Map.of("Chancery-Position", position)));
            refuse(reply, 400, "request.position", position.length() > 5 ? position : canary);
        }
    }

    @Test
    void aPositionThatIsNotReachedIsWaitedForAndThenRefused() throws Exception {
        List<Callable<Reply>> calls = new ArrayList<>();
        for (String name : List.of(CHECK, LIST_ROLES)) {
            ContractMethod method = world.method(name);
            Message request = World.fill(method, world.standing(method, world.a));
            Map<String, String> headers = with(world.a, Map.of("Chancery-Position", world.a.tenant() + "@999999999"));
            for (Face face : Face.values()) {
                calls.add(() -> face.call(world.wire, method, request, headers));
            }
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Reply> call : callers.invokeAll(calls)) {
                refuse(call.get(), 503, "backbone.position-not-reached");
            }
        }
    }

    /** Below what is HTTP there is no problem to send; the connection's layer answers, and it says nothing at all. */
    @Test
    void whatIsNotHttpIsRefusedWithoutAWord() {
        Map<String, Integer> requests = new LinkedHashMap<>();
        requests.put("GET /rbac/v1/roles HTTP/1.1\r\nHost: h\r\nX-Long: " + "a".repeat(40_000) + "\r\n\r\n", 431);
        requests.put("GET /" + "a".repeat(10_000) + " HTTP/1.1\r\nHost: h\r\n\r\n", 414);
        requests.put(canary + "\r\n\r\n", 400);
        requests.put("GET /rbac/v1/roles?" + canary + "=%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400);
        requests.put("GET /" + canary + "% HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400);
        requests.put("GET /a^" + canary + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400);
        requests.put("POST /identity/v1/workspaces HTTP/1.1\r\nHost: h\r\nContent-Length: " + canary + "\r\n\r\n", 400);
        requests.put("POST /identity/v1/workspaces HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400);
        requests.forEach((request, status) -> {
            Reply reply = world.wire.raw(request.getBytes(ISO_8859_1));
            refusal.givesNothingAway(reply, canary);
            assertThat(reply.status())
                    .as("%s: %s", request.substring(0, 20), reply)
                    .isEqualTo(status);
            assertThat(reply.body()).isEmpty();
        });
    }

    // gRPC

    @Test
    void grpcBytesThatAreNoMessageAreRefused() {
        ContractMethod method = world.method(CREATE_WORKSPACE);
        for (byte[] bytes : List.of(
                utf8(canary), new byte[] {0x0a, 0x7f}, new byte[] {0x0a, 0x02, (byte) 0xc0, (byte) 0x80}, new byte[] {
                    0x0b
                })) {
            Reply reply = world.wire.grpc(method.fullName(), bytes, world.a.headers(), method);
            refuse(reply, 400, "request.malformed");
        }
        Reply empty = world.wire.grpc(method.fullName(), new byte[0], world.a.headers(), method);
        refuse(empty, 400, "request.invalid-field");
        Reply large = world.wire.grpc(method.fullName(), new byte[MAX_BODY_BYTES + 1], world.a.headers(), method);
        refuse(large, 400, "request.too-large");
        Reply larger = world.wire.grpc(method.fullName(), new byte[3 << 20], world.a.headers(), method);
        assertThat(larger.succeeded()).isFalse();
        refusal.givesNothingAway(larger);
        for (String nothing : List.of(
                "chancery.identity.v1.IdentityService/" + canary,
                "chancery.identity.v1.None/CreateWorkspace",
                canary + "/x")) {
            Reply reply = world.wire.grpc(nothing, new byte[0], world.a.headers(), method);
            refuse(reply, 404, "request.no-such-path");
        }
    }

    // Standard faces

    @Test
    void authZenIsAsStrictWithWhatItReads() {
        Sent sent = new Sent(CHECK);
        JsonObject good = new JsonObject()
                .put(
                        "subject",
                        new JsonObject()
                                .put("type", "user")
                                .put("id", world.a.clientId().substring(37)))
                .put("action", new JsonObject().put("name", "read"))
                .put("resource", new JsonObject().put("type", "role").put("id", "r"));
        Reply answered = evaluate(sent, good.encode());
        assertThat(answered.succeeded()).as("%s", answered).isTrue();
        assertThat(answered.json().getBoolean("decision")).isTrue();
        for (String part : List.of("subject", "action", "resource")) {
            refuse(evaluate(sent, without(good, part).encode()), 400, "request.invalid-field");
            refuse(evaluate(sent, good.copy().putNull(part).encode()), 400, "request.invalid-field");
            refuse(evaluate(sent, good.copy().put(part, canary).encode()), 400, "request.malformed");
            refuse(evaluate(sent, good.copy().put(part, new JsonArray()).encode()), 400, "request.malformed");
            refuse(evaluate(sent, good.copy().put(part, new JsonObject()).encode()), 400, "request.invalid-field");
        }
        JsonObject odd = good.copy();
        odd.getJsonObject("resource").putNull("properties");
        assertThat(evaluate(sent, odd.encode()).json().getBoolean("decision")).isTrue();
        odd.getJsonObject("subject").putNull("id");
        refuse(evaluate(sent, odd.encode()), 400, "request.invalid-field");
        odd.getJsonObject("subject").put("id", 5);
        refuse(evaluate(sent, odd.encode()), 400, "request.malformed");
        odd.getJsonObject("subject").put("id", canary);
        refuse(evaluate(sent, odd.encode()), 400, "request.invalid-field");
        refuse(evaluate(sent, good.encode() + canary), 400, "request.malformed");
        refuse(evaluate(sent, "{\"subject\":1,\"subject\":2}"), 400, "request.malformed");
        refuse(evaluate(sent, ""), 415, "request.media-type");
        refuse(
                world.wire.http(
                        "POST",
                        "/access/v1/evaluation",
                        sent.headers(Map.of("Content-Type", "text/plain")),
                        utf8(good.encode())),
                415,
                "request.media-type");
    }

    private Reply evaluate(Sent sent, String body) {
        return world.wire.http("POST", "/access/v1/evaluation", sent.headers(Map.of()), utf8(body));
    }

    /** OAuth's own errors (RFC 6749, 5.2) at its own endpoint. */
    @Test
    void theTokenEndpointAnswersInOAuthsWords() {
        String good = World.tokenForm(world.assertion(world.a.clientId(), SigningKey.generate()));
        Map<String, String> expected = new LinkedHashMap<>();
        expected.put("", "unsupported_grant_type");
        expected.put(canary, "unsupported_grant_type");
        expected.put("grant_type=password&username=" + canary, "unsupported_grant_type");
        expected.put("grant_type=client_credentials", "invalid_request");
        expected.put(good, "invalid_client");
        expected.put(good + "&grant_type=client_credentials", "invalid_request");
        expected.put(good + "&a=%zz", "invalid_request");
        expected.put(World.tokenForm(canary), "invalid_request");
        expected.put(World.tokenForm(canary + "." + canary + "." + canary), "invalid_client");
        expected.put(World.tokenForm(world.a.token()), "invalid_client");
        expected.put(good + "&workspace_id=" + canary, "invalid_request");
        expected.forEach((form, error) -> {
            Reply reply = token(form, "application/x-www-form-urlencoded");
            assertThat(reply.status()).as("%s: %s", form, reply).isEqualTo(error.equals("invalid_client") ? 401 : 400);
            assertThat(reply.json().fieldNames()).containsExactlyInAnyOrder("error", "error_description");
            assertThat(reply.json().getString("error"))
                    .as("%s: %s", form, reply)
                    .isEqualTo(error);
            refusal.givesNothingAway(reply, canary);
        });
        assertThat(token(good, "application/json").json().getString("error")).isEqualTo("invalid_request");
        Reply large = token("a=" + "b".repeat(MAX_BODY_BYTES), "application/x-www-form-urlencoded");
        refuse(large, 413, "request.too-large");
    }

    private Reply token(String form, String mediaType) {
        return world.wire.http("POST", "/oauth/token", Map.of("Content-Type", mediaType), utf8(form));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tile/0/x999/999",
                "tile/0/0.p/0",
                "tile/0/0.p/256",
                "tile/0/0.p/999",
                "tile/-1/0",
                "tile/64/0",
                "tile/0/00",
                "tile/entries/x001/x002/999",
                "tile/entries/../../canary",
                "tile/0/%2e%2e",
                "tile/",
                "bodies/",
                "bodies/x",
                "bodies/0.p/999",
                "tile/0/0/",
                "tile/0/canary",
                "tile//0"
            })
    void thereIsNoFileButTheLedgers(String file) {
        refuse(new Sent(LIST_ROLES).raw("GET", "/ledger/v1/" + file), 404, "request.no-such-path");
    }

    // What they share

    private void refuse(Reply reply, int status, String code, String... canaries) {
        refusal.check(reply, status, code, canaries.length == 0 ? new String[] {canary} : canaries);
    }

    private static JsonObject without(JsonObject object, String name) {
        JsonObject copy = object.copy();
        copy.remove(name);
        return copy;
    }

    private static Map<String, String> with(Client caller, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.putAll(more);
        return headers;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] concat(byte[]... parts) {
        var all = new java.io.ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** A method's example, to be spoilt, by its rightful caller. */
    private final class Sent {
        final ContractMethod method;
        final Client caller;
        final Message request;
        final String path;

        Sent(String name) {
            this.method = world.method(name);
            this.caller = world.rightful(method, world.a);
            this.request = World.fill(method, world.standing(method, world.a));
            this.path = Wire.path(method, request);
        }

        /** What is in its body; where that is nothing, something that could be. */
        JsonObject body() {
            JsonObject body = new JsonObject(new String(Wire.body(method, request), UTF_8));
            return body.isEmpty()
                    ? new JsonObject()
                            .putNull(method.input().getFields().getFirst().getJsonName())
                    : body;
        }

        Map<String, String> headers(Map<String, String> more) {
            return with(caller, more);
        }

        Reply post(JsonObject body) {
            return post(utf8(body.encode()), Map.of());
        }

        Reply post(byte[] body, Map<String, String> more) {
            return post(body, more, "");
        }

        Reply post(byte[] body, Map<String, String> more, String query) {
            return world.wire.http("POST", path + query, headers(more), body);
        }

        Reply get(String query) {
            return world.wire.http("GET", path + query, headers(Map.of()), new byte[0]);
        }

        Reply raw(String verb, String rawPath, String... more) {
            String head = verb + " " + rawPath
                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
                    + caller.token() + "\r\n"
                    + String.join(
                            "", Arrays.stream(more).map(line -> line + "\r\n").toList()) + "\r\n";
            return world.wire.raw(head.getBytes(ISO_8859_1));
        }
    }
}
