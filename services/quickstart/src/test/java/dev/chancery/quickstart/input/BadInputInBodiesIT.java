package dev.chancery.quickstart.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.options.v1.Options;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** JSON bodies of every method that takes one, and gRPC's bytes. */
@Order(20)
class BadInputInBodiesIT extends BadInput {
    /** They take nothing but options. */
    private static final Set<String> NEEDS_NOTHING = Set.of(
            "chancery.access.v1.AccessService/FollowAuthority",
            "chancery.identity.v1.IdentityService/RotateTokenKey",
            "chancery.vault.v1.KeyService/RotateOrganisationKey",
            "chancery.vault.v1.KeyService/RewrapOrganisation");

    static Stream<String> withBody() {
        return SharedInstance.world().contract.methods().stream()
                .filter(method -> method.httpMethod().equals("POST"))
                .map(ContractMethod::fullName);
    }

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
                    case STRING, BYTE_STRING ->
                        // Longer than any text, and no Base64.
                        List.of(5, "\u0000" + canary, "a".repeat(20_001));
                    case ENUM -> List.of(canary, 99, 0, "");
                    case INT, LONG -> List.of(canary, "99999999999999999999", "", " 1");
                    case BOOLEAN -> List.of(canary, 1, "yes");
                    default -> List.of(canary);
                };
        Stream<Object> all = Stream.concat(always.stream(), more.stream());
        if (field.isRepeated()) {
            all = Stream.concat(all, Stream.of(canary, new JsonArray().addNull(), new JsonArray().add(5)));
            if (isRequired(field)) {
                all = Stream.concat(all, Stream.of(new JsonArray()));
            }
        } else {
            all = Stream.concat(all, Stream.of(new JsonArray(), new JsonArray().add(canary)));
        }
        boolean anyNumber = field.getJavaType() == JavaType.LONG;
        boolean anyTruth = field.getJavaType() == JavaType.BOOLEAN;
        return all.filter(value -> !(anyNumber && value.equals(-1)) && !(anyTruth && value.equals(true)))
                .toList();
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
        refuse(shared.wire.http("POST", sent.path, sent.headers(Map.of()), padded, true), 413, "request.too-large");
        refuse(
                shared.wire.http("POST", sent.path, sent.headers(Map.of()), new byte[1 << 20], true),
                413,
                "request.too-large");
    }

    @ParameterizedTest
    @MethodSource("withBody")
    void aRequiredFieldThatIsMissingIsRefused(String name) {
        Sent sent = new Sent(name);
        List<String> inPath = sent.method.pathTemplate().variables();
        boolean bodyIsNeeded = sent.method.input().getFields().stream()
                .anyMatch(field -> isRequired(field) && !inPath.contains(field.getName()));
        for (byte[] body : List.of(new byte[0], utf8("{}"))) {
            Reply reply = sent.post(body, Map.of());
            if (bodyIsNeeded) {
                refuse(reply, 400, "request.invalid-field");
            } else if (reply.succeeded()) {
                assertThat(!inPath.isEmpty() || NEEDS_NOTHING.contains(name))
                        .as("acts on what its path names, or on nothing in particular")
                        .isTrue();
                accepted();
            } else {
                // Which of several fields it takes, or what was done the first time, is the method's own to say.
                assertThat(reply.code()).as("%s", reply).doesNotStartWith("request.");
                refusal.check(reply, canary);
                accepted();
            }
        }
    }

    private static boolean isRequired(FieldDescriptor field) {
        return field.getOptions().getExtension(Options.field).getRequired();
    }

    @Test
    void aConnectionStaysOfUseAfterABodyThatIsNotWanted() {
        Map<String, Integer> unwanted = Map.of(
                "POST /identity/v1/workspaces HTTP/1.1\r\n",
                300_000,
                "POST /" + canary + " HTTP/1.1\r\n",
                300_000,
                "POST /oauth/token HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n",
                60_000);
        unwanted.forEach((begin, length) -> {
            byte[] head = utf8(begin + "Host: localhost\r\nContent-Length: " + length + "\r\n\r\n");
            List<Reply> replies = shared.wire.exchanges(
                    Arrays.copyOf(head, head.length + length),
                    utf8("GET /oauth/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            assertThat(replies.getFirst().status()).isIn(400, 404, 413);
            assertThat(replies.getLast().status()).isEqualTo(200);
        });
    }

    @Test
    void whoAsksWhetherToGoOnIsTold() {
        String form = SharedInstance.tokenForm(canary);
        List<Reply> replies = shared.wire.exchanges(
                utf8("POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                        + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + form.length()
                        + "\r\n\r\n"),
                utf8(form));
        assertThat(replies).extracting(Reply::status).containsExactly(100, 400);
        assertThat(replies.getLast().json().getString("error")).isEqualTo("invalid_request");
    }

    @Test
    void grpcWithoutAMessageOrWithTwoIsRefused() {
        ContractMethod method = shared.method(CREATE_WORKSPACE);
        byte[] one = ExampleRequests.fill(method, shared.requests.standing(method, shared.a))
                .toByteArray();
        for (byte[][] messages : List.of(new byte[0][], new byte[][] {one, one})) {
            Reply reply = shared.wire.grpc(method, RawClient.metadata(shared.a.headers()), messages);
            refuse(reply, 400, "request.malformed");
        }
    }

    @Test
    void grpcBytesThatAreNoMessageAreRefused() {
        ContractMethod method = shared.method(CREATE_WORKSPACE);
        for (byte[] bytes : List.of(
                utf8(canary), new byte[] {0x0a, 0x7f}, new byte[] {0x0a, 0x02, (byte) 0xc0, (byte) 0x80}, new byte[] {
                    0x0b
                })) {
            Reply reply = shared.wire.grpc(method.fullName(), bytes, shared.a.headers(), method);
            refuse(reply, 400, "request.malformed");
        }
        Reply empty = shared.wire.grpc(method.fullName(), new byte[0], shared.a.headers(), method);
        refuse(empty, 400, "request.invalid-field");
        Reply large = shared.wire.grpc(method.fullName(), new byte[MAX_BODY_BYTES + 1], shared.a.headers(), method);
        refuse(large, 400, "request.too-large");
        Reply larger = shared.wire.grpc(method.fullName(), new byte[3 << 20], shared.a.headers(), method);
        assertThat(larger.succeeded()).isFalse();
        refusal.givesNothingAway(larger);
        for (String nothing : List.of(
                "chancery.identity.v1.IdentityService/" + canary,
                "chancery.identity.v1.None/CreateWorkspace",
                canary + "/x")) {
            Reply reply = shared.wire.grpc(nothing, new byte[0], shared.a.headers(), method);
            refuse(reply, 404, "request.no-such-path");
        }
    }

    private static byte[] concat(byte[]... parts) {
        var all = new java.io.ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
