package dev.chancery.quickstart.frozen;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.FrozenPostgres;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** PostgreSQL that neither answers nor ends, an instance of its own. Every call is answered in time, and honestly. */
class FrozenPostgresIT {
    private static final Duration FROZEN = Duration.ofSeconds(20);
    /** A command's deadline of ten seconds, and what a busy machine takes besides: well before PostgreSQL goes on. */
    private static final Duration LIMIT = Duration.ofSeconds(15);

    private static final int OF_EACH = 10;

    private static RunningInstance instance;
    private static SharedInstance world;

    private record Answered(String what, Reply reply, Duration took) {}

    @BeforeAll
    static void start() {
        instance = RunningInstance.start(RunningInstance.newDirectory("frozen"));
        world = SharedInstance.on(instance);
    }

    @AfterAll
    static void stop() {
        world.close();
        instance.close();
    }

    @Test
    void everyCallIsAnsweredInTimeAndHonestly() throws Exception {
        ContractMethod create = world.method("chancery.identity.v1.IdentityService/CreateWorkspace");
        ContractMethod list = world.method("chancery.rbac.v1.RbacService/ListRoles");
        Message page = world.requests.example(list, world.a);
        // What a client loads for its first call is none of the answer's time.
        for (Api api : Api.values()) {
            assertThat(timed("list", wire -> api.call(wire, list, page, world.a.headers()))
                            .reply()
                            .succeeded())
                    .isTrue();
        }
        List<Callable<Answered>> calls = new ArrayList<>();
        List<Message> commands = new ArrayList<>();
        for (int i = 0; i < OF_EACH; i++) {
            String key = "frozen-" + i;
            Message command = world.requests.example(create, world.a);
            commands.add(command);
            Api api = Api.values()[i % Api.values().length];
            calls.add(() -> timed("command", wire -> api.call(wire, create, command, keyed(key))));
            calls.add(() -> timed("list", wire -> api.call(wire, list, page, world.a.headers())));
            byte[] form = SharedInstance.tokenForm(world.assertion(world.a.clientId(), world.a.key()))
                    .getBytes(US_ASCII);
            calls.add(() -> timed(
                    "sign-in",
                    wire -> wire.http(
                            "POST",
                            "/oauth/token",
                            Map.of("Content-Type", "application/x-www-form-urlencoded"),
                            form)));
            calls.add(() ->
                    timed("file", wire -> wire.http("GET", "/ledger/v1/checkpoint", world.a.headers(), new byte[0])));
        }
        List<Future<Answered>> answers = new ArrayList<>();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            try (var _ = FrozenPostgres.of(instance)) {
                long frozenNanos = System.nanoTime();
                calls.forEach(call -> answers.add(callers.submit(call)));
                RunningInstance.await(FROZEN, () -> System.nanoTime() - frozenNanos > FROZEN.toNanos());
            }
            for (Future<Answered> future : answers) {
                Answered answer = future.get(1, TimeUnit.MINUTES);
                System.out.printf(
                        "%s: %d %s in %d ms%n",
                        answer.what(),
                        answer.reply().status(),
                        answer.reply().code(),
                        answer.took().toMillis());
                assertThat(answer.took()).as("%s", answer).isLessThan(LIMIT);
                assertThat(answer.reply().status()).as("%s", answer).isIn(200, 401, 503);
                if (answer.what().equals("command")) {
                    assertThat(answer.reply().succeeded()).as("%s", answer).isFalse();
                }
            }
        }
        // With the key, each command is there once, whatever its caller was told.
        for (int i = 0; i < OF_EACH; i++) {
            Message command = commands.get(i);
            String key = "frozen-" + i;
            Reply[] last = new Reply[1];
            assertThat(RunningInstance.await(Duration.ofSeconds(60), () -> {
                        last[0] = world.wire.rest(create, command, keyed(key));
                        return last[0].succeeded();
                    }))
                    .as("%s", last[0])
                    .isTrue();
        }
    }

    private static Map<String, String> keyed(String key) {
        return Map.of("Authorization", world.a.headers().get("Authorization"), "Idempotency-Key", key);
    }

    private interface Call {
        Reply over(RawClient wire);
    }

    private static Answered timed(String what, Call call) {
        try (var wire = new RawClient(instance)) {
            long begun = System.nanoTime();
            Reply reply = call.over(wire);
            return new Answered(what, reply, Duration.ofNanos(System.nanoTime() - begun));
        }
    }
}
