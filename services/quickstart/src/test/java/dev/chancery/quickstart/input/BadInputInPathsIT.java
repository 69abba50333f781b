package dev.chancery.quickstart.input;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Queries, verbs and paths. */
@Order(20)
class BadInputInPathsIT extends BadInput {
    static Stream<String> withQuery() {
        return SharedInstance.world().contract.methods().stream()
                .filter(method -> method.httpMethod().equals("GET"))
                .map(ContractMethod::fullName);
    }

    @ParameterizedTest
    @MethodSource("withQuery")
    void aGetTakesNoBodyAndOnlyItsOwnParameters(String name) {
        Sent sent = new Sent(name);
        refuse(shared.wire.http("GET", sent.path, sent.headers(Map.of()), utf8("{}")), 400, "request.malformed");
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
    @ValueSource(strings = {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "CANARY", "post"})
    void thereIsNothingForAnotherVerb(String verb) {
        Reply reply = new Sent(CREATE_WORKSPACE).raw(verb, "/identity/v1/workspaces");
        refuse(reply, 404, "request.no-such-path");
    }

    @Test
    void thereIsNothingToGetWhereOnlyPostIs() {
        refuse(new Sent(CREATE_WORKSPACE).raw("GET", "/access/v1/check"), 404, "request.no-such-path");
    }

    @Test
    void headHasNoBody() {
        Reply reply = new Sent(LIST_ROLES).raw("HEAD", "/rbac/v1/roles");
        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.body()).isEmpty();
    }

    @Test
    void aStandardEndpointSaysWhichVerbsItHas() {
        refuse(new Sent(CREATE_WORKSPACE).raw("POST", "/errors/canary"), 405, "request.other-verb");
        refuse(new Sent(LIST_ROLES).raw("GET", "/errors/canary"), 404, "request.no-such-path");
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
}
