package dev.chancery.cli.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.HttpAnswer;
import dev.chancery.cli.client.Json;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Transport;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.ContractMethod;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Somebody who signs in and calls methods. */
final class Actor {
    private final Stage stage;
    private final ClientKey key;
    private final Seen seen;
    private final SignIn signIn;

    /** @param seen shared by the people of one organisation: they tell each other */
    Actor(Stage stage, ClientKey key, Seen seen) {
        this.stage = stage;
        this.key = key;
        this.seen = seen;
        this.signIn = new SignIn(stage.rest(), key, Optional.empty());
    }

    ClientKey key() {
        return key;
    }

    /** The part of the client id that names the principal. */
    String id() {
        return key.clientId().substring(key.clientId().indexOf('.') + 1);
    }

    String token() throws Refused, Unreachable {
        return signIn.token();
    }

    SignIn signIn() {
        return signIn;
    }

    <R extends Message> R overRest(Class<R> reply, String method, Message request) throws Refused, Unreachable {
        return reply.cast(call(stage.rest(), method, request, newKey()).message());
    }

    <R extends Message> R overGrpc(Class<R> reply, String method, Message request) throws Refused, Unreachable {
        return reply.cast(call(stage.grpc(), method, request, newKey()).message());
    }

    static String newKey() {
        return UUID.randomUUID().toString();
    }

    /** @param idempotencyKey sent with methods that write */
    Reply call(Transport transport, String method, Message request, String idempotencyKey) throws Refused, Unreachable {
        ContractMethod called = stage.method(method);
        Map<String, String> headers = headers();
        if (called.writes()) {
            headers.put(Headers.IDEMPOTENCY_KEY, idempotencyKey);
        }
        // A command that is not answered is the story's business; a read is simply asked again.
        Reply reply = called.writes()
                ? transport.call(called, request, headers)
                : Patience.insist(() -> transport.call(called, request, headers));
        seen.saw(reply.position());
        return reply;
    }

    /** Who calls, and what they have seen. */
    Map<String, String> headers() throws Refused, Unreachable {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(Headers.AUTHORIZATION, "Bearer " + token());
        if (!seen.newest().isEmpty()) {
            headers.put(Headers.POSITION, seen.newest());
        }
        return headers;
    }

    /** Asks by AuthZEN whether a principal may do something. */
    Decision evaluate(String principal, String capability, String workspace) throws Refused, Unreachable {
        String[] parts = capability.split(":", 2);
        Map<String, Object> resource = new LinkedHashMap<>(Map.of("type", parts[0], "id", "any"));
        if (!workspace.isEmpty()) {
            resource.put("properties", Map.of("workspace", workspace));
        }
        String body = Json.write(Map.of(
                "subject", Map.of("type", "user", "id", principal),
                "action", Map.of("name", parts[1]),
                "resource", resource));
        Map<String, String> headers = headers();
        headers.put("Content-Type", "application/json");
        HttpAnswer answer = Patience.insist(() -> {
            HttpAnswer one = stage.rest().send("POST", "/access/v1/evaluation", headers, body.getBytes(UTF_8));
            if (!one.isSuccess()) {
                throw one.refusal();
            }
            return one;
        });
        Map<String, Object> why = Json.member(answer.json(), "context");
        return new Decision(
                Boolean.TRUE.equals(answer.json().get("decision")),
                Json.text(why, "reason"),
                Json.text(why, "role"),
                Json.text(why, "assignment_id"));
    }

    /** An answer to "may they?", and why. */
    record Decision(boolean allowed, String reason, String role, String assignmentId) {
        /** For comparing and for reading. */
        String text() {
            return (allowed ? "allowed" : "denied") + ", " + reason + (role.isEmpty() ? "" : " by " + role);
        }
    }
}
