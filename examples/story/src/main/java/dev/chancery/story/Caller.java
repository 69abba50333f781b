package dev.chancery.story;

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

/** A person, an agent or a service that signs in and calls methods. */
final class Caller {
    private final Connection connection;
    private final ClientKey key;
    private final NewestPosition newest;
    private final SignIn signIn;

    /** @param newest shared by the people of one organisation */
    Caller(Connection connection, ClientKey key, NewestPosition newest) {
        this.connection = connection;
        this.key = key;
        this.newest = newest;
        this.signIn = new SignIn(connection.rest(), key, Optional.empty());
    }

    ClientKey key() {
        return key;
    }

    /** The principal's id: the client id's second part. */
    String id() {
        return key.clientId().substring(key.clientId().indexOf('.') + 1);
    }

    /** The organisation's id: the client id's first part. */
    String organisation() {
        return key.clientId().substring(0, key.clientId().indexOf('.'));
    }

    SignIn signIn() {
        return signIn;
    }

    /** Calls the method that takes this request, over REST. */
    Message rest(Message.Builder request) throws Refused, Unreachable {
        return call(connection.rest(), request.build(), newKey()).message();
    }

    /** Calls the method that takes this request, over gRPC. */
    Message grpc(Message.Builder request) throws Refused, Unreachable {
        return call(connection.grpc(), request.build(), newKey()).message();
    }

    static String newKey() {
        return UUID.randomUUID().toString();
    }

    /** @param idempotencyKey sent with methods that write; a method that only reads is repeated until it has a final answer */
    Reply call(Transport transport, Message request, String idempotencyKey) throws Refused, Unreachable {
        ContractMethod method = connection.method(request);
        Map<String, String> headers = headers();
        if (method.writes()) {
            headers.put(Headers.IDEMPOTENCY_KEY, idempotencyKey);
        }
        Reply reply = method.writes()
                ? transport.call(method, request, headers)
                : Retry.untilFinal(() -> transport.call(method, request, headers));
        newest.add(reply.position());
        return reply;
    }

    /** The token, and the position that the answer has to include. */
    Map<String, String> headers() throws Refused, Unreachable {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(Headers.AUTHORIZATION, "Bearer " + signIn.token());
        if (!newest.text().isEmpty()) {
            headers.put(Headers.POSITION, newest.text());
        }
        return headers;
    }

    /** An AuthZEN decision: {@code allowed, granted by edit} or {@code denied, no-grant}. */
    record Decision(String text, boolean allowed, String assignmentId) {}

    /** Asks by AuthZEN whether somebody may do something; in a workspace, or with an empty one in the whole organisation. */
    Decision evaluate(Caller subject, String capability, String workspace) throws Refused, Unreachable {
        return evaluate("user", subject, capability, workspace);
    }

    /** @param type the subject's: {@code user}, {@code agent} or {@code service} */
    Decision evaluate(String type, Caller subject, String capability, String workspace) throws Refused, Unreachable {
        String[] parts = capability.split(":", 2);
        Map<String, Object> resource = new LinkedHashMap<>(Map.of("type", parts[0], "id", "any"));
        if (!workspace.isEmpty()) {
            resource.put("properties", Map.of("workspace", workspace));
        }
        byte[] body = Json.write(Map.of(
                        "subject", Map.of("type", type, "id", subject.id()),
                        "action", Map.of("name", parts[1]),
                        "resource", resource))
                .getBytes(UTF_8);
        Map<String, String> headers = headers();
        headers.put("Content-Type", "application/json");
        HttpAnswer answer = Retry.untilFinal(() -> {
            HttpAnswer one = connection.rest().send("POST", "/access/v1/evaluation", headers, body);
            if (!one.isSuccess()) {
                throw one.refusal();
            }
            return one;
        });
        Map<String, Object> context = Json.member(answer.json(), "context");
        boolean allowed = Boolean.TRUE.equals(answer.json().get("decision"));
        String role = Json.text(context, "role");
        String text = (allowed ? "allowed, " : "denied, ") + Json.text(context, "reason");
        return new Decision(role.isEmpty() ? text : text + " by " + role, allowed, Json.text(context, "assignment_id"));
    }
}
