package dev.chancery.cli.bench;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import java.io.IOException;

/** Reads of secrets over gRPC, one secret a caller: each is in the log as an intent before its value is released, and as an outcome. */
final class ReadMode {
    private final Bench bench;

    ReadMode(Bench bench) {
        this.bench = bench;
    }

    void run() throws Refused, Unreachable, InterruptedException, IOException {
        int callers = bench.plan().callers();
        for (int i = 0; i < bench.plan().tenants(); i++) {
            bench.tenant(i).createEnvironment(bench.target().grpc(i));
        }
        for (int caller = 0; caller < callers; caller++) {
            bench.tenant(caller).writeSecret(bench.target().grpc(caller), caller);
        }
        Callers running = Callers.start(
                callers,
                bench.plan().rate(),
                caller -> () -> bench.tenant(caller).readSecret(bench.target().grpc(caller), caller));
        Bench.Window window;
        try (running) {
            window = bench.measure(running);
        }
        bench.reportCalls("reads of secrets", "reads", running, window);
    }
}
