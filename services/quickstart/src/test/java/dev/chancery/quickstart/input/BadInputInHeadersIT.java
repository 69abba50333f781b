package dev.chancery.quickstart.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.schema.ContractMethod;
import io.grpc.Metadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers, over both apis, and what is not HTTP at all. */
@Order(20)
class BadInputInHeadersIT extends BadInput {
    private static final String KEY = "Idempotency-Key";

    @ParameterizedTest
    @EnumSource
    void anIdempotencyKeyIsPrintableAsciiOfAtMost128Characters(Api api) {
        ContractMethod method = shared.method(CREATE_WORKSPACE);
        Message request = shared.requests.example(method, shared.a);
        for (String key : List.of("a b", "a".repeat(129))) {
            Reply reply = api.call(shared.wire, method, request, with(shared.a, Map.of(KEY, key)));
            refuse(reply, 400, "request.idempotency-key", key);
        }
        for (String key : List.of("", "\u00e4", "a\tb")) {
            Reply reply = new Sent(CREATE_WORKSPACE).raw("POST", "/identity/v1/workspaces", KEY + ": " + key);
            refuse(reply, 400, "request.idempotency-key");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPositionIsOneOfTheCallersOwnLog(Api api) {
        ContractMethod method = shared.method(CHECK);
        Message request = ExampleRequests.fill(method, shared.requests.standing(method, shared.a));
        String own = shared.a.tenant();
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
                shared.b.tenant() + "@0",
                "instance@0",
                own.toUpperCase(java.util.Locale.ROOT) + "@0")) {
            Reply reply = api.call(shared.wire, method, request, with(shared.a, Map.of("Chancery-Position", position)));
            refuse(reply, 400, "request.position", position.length() > 5 ? position : canary);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Authorization", KEY, "Chancery-Position", "Chancery-Challenge", "Content-Type"})
    void aHeaderThatSaysOneThingComesOnce(String name) {
        String good =
                switch (name) {
                    case "Authorization" -> "Bearer " + shared.a.token();
                    case "Content-Type" -> "application/json";
                    case KEY -> "key";
                    default -> shared.a.tenant() + "@0";
                };
        ContractMethod method = shared.method(CREATE_WORKSPACE);
        Message request = ExampleRequests.fill(method, shared.requests.standing(method, shared.a));
        String body = new String(RawClient.body(method, request), UTF_8);
        for (String other : List.of(good, "Bearer " + shared.b.token())) {
            String head =
                    "POST " + RawClient.path(method, request) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            + (name.equals("Authorization") ? "" : "Authorization: Bearer " + shared.a.token() + "\r\n")
                            + (name.equals("Content-Type") ? "" : "Content-Type: application/json\r\n")
                            + name + ": " + good + "\r\n" + name + ": " + other + "\r\n"
                            + "Content-Length: " + body.length() + "\r\n\r\n" + body;
            refuse(shared.wire.raw(utf8(head)), 400, "request.repeated-header");
            if (!name.equals("Content-Type")) {
                Metadata metadata = RawClient.metadata(with(shared.a, Map.of(name, good)));
                metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), other);
                refuse(shared.wire.grpc(method, metadata, request.toByteArray()), 400, "request.repeated-header");
            }
        }
    }

    @Test
    void aPositionThatIsNotReachedIsWaitedForAndThenRefused() throws Exception {
        List<Callable<Reply>> calls = new ArrayList<>();
        for (String name : List.of(CHECK, LIST_ROLES)) {
            ContractMethod method = shared.method(name);
            Message request = ExampleRequests.fill(method, shared.requests.standing(method, shared.a));
            Map<String, String> headers = with(shared.a, Map.of("Chancery-Position", shared.a.tenant() + "@999999999"));
            for (Api api : Api.values()) {
                calls.add(() -> api.call(shared.wire, method, request, headers));
            }
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Reply> call : callers.invokeAll(calls)) {
                refuse(call.get(), 503, "backbone.position-not-reached");
            }
        }
    }

    @Test
    void whatIsNotHttpIsRefusedInWords() {
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
            Reply reply = shared.wire.raw(request.getBytes(ISO_8859_1));
            assertThat(reply.status())
                    .as("%s: %s", request.substring(0, 20), reply)
                    .isEqualTo(status);
            refusal.check(reply, canary);
        });
    }
}
