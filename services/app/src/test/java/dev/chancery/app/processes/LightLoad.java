package dev.chancery.app.processes;

import dev.chancery.app.processes.TestClient.Caller;
import dev.chancery.app.processes.TestClient.Reply;
import dev.chancery.cli.client.ClientKey;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A few callers who create principals, each command with a key of its own, at whichever core answers: a command without an answer is sent
 * again under its key, to the other core, until it is acknowledged.
 */
final class LightLoad implements AutoCloseable {
    private static final String CREATE = "identity.v1.IdentityService/CreatePrincipal";
    private static final int CALLERS = 3;

    private final TestClient client;
    private final Caller caller;
    private final List<String> cores;
    private final Map<String, Reply> acknowledged = new ConcurrentHashMap<>();
    private final Map<String, String> refused = new ConcurrentHashMap<>();
    private final Map<String, String> publicKeys = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;
    private volatile boolean abandoned;

    LightLoad(TestClient client, Caller caller, List<String> cores) {
        this.client = client;
        this.caller = caller;
        this.cores = cores;
        for (int i = 0; i < CALLERS; i++) {
            int first = i;
            threads.add(Thread.ofVirtual().start(() -> run(first)));
        }
    }

    private void run(int first) {
        for (int number = first; !closing; number++) {
            String key = UUID.randomUUID().toString();
            publicKeys.put(key, TestClient.bytes(ClientKey.generate("nobody").publicKey()));
            for (int attempt = number; !acknowledged.containsKey(key) && !abandoned; attempt++) {
                send(cores.get(attempt % cores.size()), key);
            }
            pause(20);
        }
    }

    /** Sends a command, for the first time or again. */
    void send(String core, String key) {
        try {
            Reply reply = client.call(
                    core,
                    CREATE,
                    new JsonObject()
                            .put("type", "USER")
                            .put("displayName", "Load")
                            .put("publicKey", publicKeys.get(key)),
                    Map.of("Authorization", "Bearer " + caller.token(), "Idempotency-Key", key));
            if (reply.status() == 200) {
                acknowledged.put(key, reply);
                return;
            }
            refused.put(key, String.valueOf(reply.json().getString("code")));
        } catch (IOException e) {
            refused.put(key, e.toString());
        }
        pause(100);
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** By idempotency key. */
    Map<String, Reply> acknowledged() {
        return Map.copyOf(acknowledged);
    }

    /** The last refusal of each command that had one. */
    Map<String, String> refused() {
        return Map.copyOf(refused);
    }

    /** Takes on no more, and waits until all that was begun is acknowledged. */
    void settle() throws InterruptedException {
        closing = true;
        for (Thread thread : threads) {
            if (!thread.join(TestInstallation.START_LIMIT)) {
                throw new AssertionError("a command was never acknowledged: " + refused);
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        abandoned = true;
    }
}
