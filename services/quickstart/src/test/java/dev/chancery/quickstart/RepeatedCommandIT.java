package dev.chancery.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
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

    private final World world = World.shared();
    private final Refusal refusal = new Refusal(world);

    static Stream<String> commands() {
        return World.shared().contract.methods().stream()
                .filter(ContractMethod::writes)
                .filter(method -> !method.isPublic())
                .map(ContractMethod::fullName);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aRepeatedCommandHasOneEffectAndOneAnswerOverEitherFace(String name) {
        ContractMethod method = world.method(name);
        World.Client caller = world.rightful(method, world.a);
        Message request = world.example(method, world.a);
        Message other = world.example(method, world.a);
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put(KEY, UUID.randomUUID().toString());
        Reply first = world.wire.rest(method, request, headers);
        assertThat(first.succeeded()).as("%s", first).isTrue();
        Map<String, Long> after = world.lengths();
        for (Face face : Face.values()) {
            Reply again = face.call(world.wire, method, request, headers);
            assertThat(again.succeeded()).as("%s", again).isTrue();
            assertThat(again.position()).isEqualTo(first.position());
            assertThat(again.json()).isEqualTo(first.json());
            refusal.check(face.call(world.wire, method, other, headers), 422, "idempotency.key-reused");
        }
        assertThat(world.lengths()).isEqualTo(after);
    }

    /** A key is its principal's and its method's: another's same key is another key. */
    @Test
    void aKeyIsNobodyElses() {
        ContractMethod method = world.method(CREATE_WORKSPACE);
        Message request = world.example(method, world.a);
        String key = UUID.randomUUID().toString();
        Reply ofA = world.wire.rest(method, request, with(world.a, key));
        Reply ofB = world.wire.rest(method, request, with(world.b, key));
        assertThat(ofB.succeeded()).isTrue();
        assertThat(ofB.json()).isNotEqualTo(ofA.json());
    }

    /** A refusal is an answer too. */
    @Test
    void aRepeatedRefusalIsTheSameRefusal() {
        ContractMethod method = world.method("chancery.access.v1.AccessService/RetireRole");
        Message request = World.fill(method, Map.of("role", "nobodys-" + World.unique()));
        String key = UUID.randomUUID().toString();
        refusal.check(world.wire.rest(method, request, with(world.a, key)), 404, "access.no-such-role");
        Map<String, Long> after = world.lengths();
        refusal.check(world.wire.rest(method, request, with(world.a, key)), 404, "access.no-such-role");
        refusal.check(world.wire.grpc(method, request, with(world.a, key)), 404, "access.no-such-role");
        assertThat(world.lengths()).isEqualTo(after);
    }

    @Test
    void ofManyAtOnceOneTakesEffect() throws Exception {
        ContractMethod method = world.method(CREATE_WORKSPACE);
        Message request = world.example(method, world.a);
        String key = UUID.randomUUID().toString();
        Map<String, Long> before = world.lengths();
        List<Callable<Reply>> calls = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            Face face = Face.values()[i % 2];
            calls.add(() -> face.call(world.wire, method, request, with(world.a, key)));
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
        assertThat(world.lengths().get(world.a.tenant())).isEqualTo(before.get(world.a.tenant()) + 2);
    }

    private static Map<String, String> with(World.Client caller, String key) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put(KEY, key);
        return headers;
    }
}
