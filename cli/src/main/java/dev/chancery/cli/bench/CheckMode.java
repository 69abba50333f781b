package dev.chancery.cli.bench;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import java.io.IOException;
import java.util.function.IntFunction;

/** Checks of a principal that has the capability: first over gRPC, then over AuthZEN. */
final class CheckMode {
    private final Bench bench;

    CheckMode(Bench bench) {
        this.bench = bench;
    }

    void run() throws Refused, Unreachable, InterruptedException, IOException {
        String[] principals = new String[bench.plan().tenants()];
        for (int i = 0; i < principals.length; i++) {
            var grpc = bench.target().grpc(i);
            var created =
                    (CreatePrincipalReply) bench.tenant(i).createPrincipal(grpc).message();
            principals[i] = created.getPrincipalId();
            bench.tenant(i).assign(grpc, principals[i]);
        }
        measure(
                "gRPC checks",
                "grpcChecks",
                principals,
                caller -> CheckPoint.grpc(bench.target(), bench.tenant(caller).administrator(), caller));
        measure(
                "AuthZEN checks",
                "authZenChecks",
                principals,
                caller ->
                        CheckPoint.authZen(bench.target(), bench.tenant(caller).administrator()));
    }

    private void measure(String what, String jsonName, String[] principals, IntFunction<CheckPoint> points)
            throws InterruptedException, IOException {
        bench.report().line("%s", what);
        Callers callers = Callers.start(bench.plan().callers(), bench.plan().rate(), caller -> {
            CheckPoint point = points.apply(caller);
            String principal = principals[caller % principals.length];
            return () -> {
                if (!point.allows(principal)) {
                    throw new Refused("denied", "The check denied what was granted.", "", "");
                }
            };
        });
        Bench.Window window;
        try (callers) {
            window = bench.measure(callers);
        }
        bench.reportCalls(what, jsonName, callers, window);
    }
}
