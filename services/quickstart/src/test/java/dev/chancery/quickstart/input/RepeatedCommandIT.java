package dev.chancery.quickstart.input;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.RefusalCheck;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same idempotency key: the same answer and position, one effect. With another body: refused. */
@Order(30)
class RepeatedCommandIT {
    private static final String CREATE_WORKSPACE = "chancery.identity.v1.IdentityService/CreateWorkspace";
    private static final String KEY = "Idempotency-Key";

    private final SharedInstance shared = SharedInstance.shared();
    private final RefusalCheck refusal = new RefusalCheck(shared);

    static Stream<String> commands() {
        return SharedInstance.world().contract.methods().stream()
                .filter(ContractMethod::writes)
                .filter(method -> !method.isPublic())
                .map(ContractMethod::fullName);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aRepeatedCommandHasOneEffectAndOneAnswerOverEitherFace(String name) {
        ContractMethod method = shared.method(name);
        SharedInstance.Client caller = shared.rightful(method, shared.a);
        Message request = shared.requests.example(method, shared.a);
        Message other = shared.requests.example(method, shared.a);
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put(KEY, UUID.randomUUID().toString());
        Reply first = shared.wire.rest(method, request, headers);
        assertThat(first.succeeded()).as("%s", first).isTrue();
        Map<String, Long> after = shared.records.lengths();
        for (Api api : Api.values()) {
            Reply again = api.call(shared.wire, method, request, headers);
            if (method.replyIsConfidential()) {
                // Kept nowhere, and so answered once.
                refusal.check(again, 422, "idempotency.key-reused");
            } else {
                assertThat(again.succeeded()).as("%s", again).isTrue();
                assertThat(again.position()).isEqualTo(first.position());
                assertThat(again.json()).isEqualTo(first.json());
            }
            if (!other.equals(request)) {
                refusal.check(api.call(shared.wire, method, other, headers), 422, "idempotency.key-reused");
            }
        }
        assertThat(shared.records.lengths()).isEqualTo(after);
    }

    /** A key is its principal's and its method's: another's same key is another key. */
    @Test
    void aKeyIsNobodyElses() {
        ContractMethod method = shared.method(CREATE_WORKSPACE);
        Message request = shared.requests.example(method, shared.a);
        String key = UUID.randomUUID().toString();
        Reply ofA = shared.wire.rest(method, request, with(shared.a, key));
        Reply ofB = shared.wire.rest(method, request, with(shared.b, key));
        assertThat(ofB.succeeded()).isTrue();
        assertThat(ofB.json()).isNotEqualTo(ofA.json());
    }

    /** A refusal is an answer too. */
    @Test
    void aRepeatedRefusalIsTheSameRefusal() {
        ContractMethod method = shared.method("chancery.access.v1.AccessService/RetireRole");
        Message request = ExampleRequests.fill(method, Map.of("role", "nobodys-" + SharedInstance.unique()));
        String key = UUID.randomUUID().toString();
        refusal.check(shared.wire.rest(method, request, with(shared.a, key)), 404, "access.no-such-role");
        Map<String, Long> after = shared.records.lengths();
        refusal.check(shared.wire.rest(method, request, with(shared.a, key)), 404, "access.no-such-role");
        refusal.check(shared.wire.grpc(method, request, with(shared.a, key)), 404, "access.no-such-role");
        assertThat(shared.records.lengths()).isEqualTo(after);
    }

    @Test
    void ofManyAtOnceOneTakesEffect() throws Exception {
        ContractMethod method = shared.method(CREATE_WORKSPACE);
        Message request = shared.requests.example(method, shared.a);
        String key = UUID.randomUUID().toString();
        Map<String, Long> before = shared.records.lengths();
        List<Callable<Reply>> calls = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            Api api = Api.values()[i % 2];
            calls.add(() -> api.call(shared.wire, method, request, with(shared.a, key)));
        }
        List<Reply> replies = new ArrayList<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Reply> call : callers.invokeAll(calls)) {
                replies.add(call.get());
            }
        }
        Set<String> answers = replies.stream()
                .filter(Reply::succeeded)
                .map(reply -> reply.position() + " " + reply.json())
                .collect(Collectors.toSet());
        assertThat(answers).hasSize(1);
        replies.stream()
                .filter(reply -> !reply.succeeded())
                .forEach(reply -> refusal.check(reply, 409, "idempotency.in-progress"));
        // An intent and its outcome.
        assertThat(shared.records.lengths().get(shared.a.tenant())).isEqualTo(before.get(shared.a.tenant()) + 2);
    }

    private static Map<String, String> with(SharedInstance.Client caller, String key) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put(KEY, key);
        return headers;
    }
}
