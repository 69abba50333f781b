package dev.chancery.quickstart.input;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SigningKey;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The apis that standards shape: AuthZEN 1.0 and OAuth's token endpoint. */
@Order(20)
class BadInputAtStandardEndpointsIT extends BadInput {
    @Test
    void authZenIsAsStrictWithWhatItReads() {
        Sent sent = new Sent(CHECK);
        JsonObject good = new JsonObject()
                .put(
                        "subject",
                        new JsonObject()
                                .put("type", "user")
                                .put("id", shared.a.clientId().substring(37)))
                .put("action", new JsonObject().put("name", "read"))
                .put("resource", new JsonObject().put("type", "role").put("id", "administrator"));
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
        assertThat(evaluate(sent, odd.encode()).json().getBoolean("decision")).isFalse();
        refuse(evaluate(sent, good.encode() + canary), 400, "request.malformed");
        refuse(evaluate(sent, "{\"subject\":1,\"subject\":2}"), 400, "request.malformed");
        refuse(evaluate(sent, ""), 400, "access.not-json");
        refuse(
                shared.wire.http(
                        "POST",
                        "/access/v1/evaluation",
                        sent.headers(Map.of("Content-Type", "text/plain")),
                        utf8(good.encode())),
                400,
                "access.not-json");
    }

    private Reply evaluate(Sent sent, String body) {
        return shared.wire.http("POST", "/access/v1/evaluation", sent.headers(Map.of()), utf8(body));
    }

    /** OAuth's own errors (RFC 6749, 5.2) at its own endpoint. */
    @Test
    void theTokenEndpointAnswersInOAuthsWords() {
        String good = SharedInstance.tokenForm(shared.assertion(shared.a.clientId(), SigningKey.generate()));
        Map<String, String> expected = new LinkedHashMap<>();
        expected.put("", "unsupported_grant_type");
        expected.put(canary, "unsupported_grant_type");
        expected.put("grant_type=password&username=" + canary, "unsupported_grant_type");
        expected.put("grant_type=client_credentials", "invalid_request");
        expected.put(good, "invalid_client");
        expected.put(good + "&grant_type=client_credentials", "invalid_request");
        expected.put(good + "&a=%zz", "invalid_request");
        expected.put(SharedInstance.tokenForm(canary), "invalid_request");
        expected.put(SharedInstance.tokenForm(canary + "." + canary + "." + canary), "invalid_client");
        expected.put(SharedInstance.tokenForm(shared.a.token()), "invalid_client");
        expected.put(good + "&workspace_id=" + canary, "invalid_request");
        expected.put(good + "&client_id=" + shared.a.clientId(), "invalid_client");
        expected.put(
                SharedInstance.tokenForm(shared.assertion(shared.a.clientId(), shared.a.key())) + "&client_id="
                        + canary,
                "invalid_client");
        expected.put(
                SharedInstance.tokenForm(shared.assertion(shared.a.clientId(), shared.a.key())) + "&client_id="
                        + shared.b.clientId(),
                "invalid_client");
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
        return shared.wire.http("POST", "/oauth/token", Map.of("Content-Type", mediaType), utf8(form));
    }

    private static JsonObject without(JsonObject object, String name) {
        JsonObject copy = object.copy();
        copy.remove(name);
        return copy;
    }
}
