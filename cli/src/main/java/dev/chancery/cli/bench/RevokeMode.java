package dev.chancery.cli.bench;

import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * From a revocation's acknowledgement to the first check that is denied. In each round a principal is granted a role, and every point
 * first has to allow it: so each is known to answer, and to know the grant. Then the role is revoked, and every point is asked again
 * and again, without a position, until it denies. A sample ends when the denial is here, so it includes one check's way there and back.
 */
final class RevokeMode {
    private static final long MAX_WAIT_NANOS = Duration.ofSeconds(30).toNanos();

    private final Bench bench;
    private final List<Point> points = new ArrayList<>();
    private final Latencies everywhere = new Latencies();

    private record Point(String name, CheckPoint check, Latencies enforced) {}

    RevokeMode(Bench bench) {
        this.bench = bench;
        SignIn caller = bench.tenant(0).administrator();
        add("gRPC", CheckPoint.grpc(bench.target(), caller, 0));
        add("AuthZEN", CheckPoint.authZen(bench.target(), caller));
        for (Target other : bench.checkedToo()) {
            add("gRPC at " + other.rest().base(), CheckPoint.grpc(other, caller, 0));
        }
    }

    private void add(String name, CheckPoint check) {
        points.add(new Point(name, check, new Latencies()));
    }

    void run() throws Refused, Unreachable, InterruptedException, IOException {
        Plan plan = bench.plan();
        int warmup = Math.max(1, plan.rounds() / 10);
        ProcessorTime.Used before = bench.used();
        long begunNanos = System.nanoTime();
        Callers load = Callers.start(plan.callers(), plan.rate(), bench::commands);
        try (load;
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            if (plan.callers() > 0) {
                Thread.sleep(plan.warmupSeconds() * 1_000L);
                load.measure(true);
                before = bench.used();
                begunNanos = System.nanoTime();
            }
            for (int i = -warmup; i < plan.rounds(); i++) {
                round(threads, i >= 0);
            }
            load.measure(false);
        }
        double seconds = (System.nanoTime() - begunNanos) / 1e9;
        for (Point point : points) {
            Latencies enforced = point.enforced();
            bench.report().add("denied by " + point.name(), enforced.summary(), point.name(), enforced.json());
        }
        bench.report()
                .add(
                        "revoked everywhere",
                        everywhere.summary() + " (" + everywhere.count() + " rounds)",
                        "everywhere",
                        everywhere.json());
        if (plan.callers() > 0) {
            var window = new Bench.Window(
                    seconds, load.latencies().count(), bench.used().since(before));
            bench.reportCalls("commands meanwhile", "commands", load, window);
        }
    }

    private void round(ExecutorService threads, boolean counts) throws Refused, Unreachable, InterruptedException {
        GrpcTransport grpc = bench.target().grpc(1);
        Tenant tenant = bench.tenant(0);
        String principal = ((CreatePrincipalReply) tenant.createPrincipal(grpc).message()).getPrincipalId();
        String assignment = ((AssignRoleReply) tenant.assign(grpc, principal).message()).getAssignmentId();
        for (Point point : points) {
            await(point.check(), principal, true);
        }
        tenant.revoke(grpc, principal, assignment);
        long acknowledgedNanos = System.nanoTime();
        List<Future<Long>> denials = new ArrayList<>();
        for (Point point : points) {
            denials.add(threads.submit(() -> await(point.check(), principal, false) - acknowledgedNanos));
        }
        long last = 0;
        for (int i = 0; i < denials.size(); i++) {
            long nanos = result(denials.get(i));
            last = Math.max(last, nanos);
            if (counts) {
                points.get(i).enforced().add(nanos);
            }
        }
        if (counts) {
            everywhere.add(last);
        }
    }

    /** Asks until the answer is the wanted one; returns when it was. */
    private static long await(CheckPoint point, String principal, boolean wanted) throws Refused, Unreachable {
        long startNanos = System.nanoTime();
        while (point.allows(principal) != wanted) {
            if (System.nanoTime() - startNanos > MAX_WAIT_NANOS) {
                throw new Refused(
                        wanted ? "bench.not-granted" : "bench.not-revoked",
                        "A check still says " + (wanted ? "no" : "yes") + " after "
                                + Duration.ofNanos(MAX_WAIT_NANOS).toSeconds() + " s.",
                        "",
                        "");
            }
        }
        return System.nanoTime();
    }

    private static long result(Future<Long> future) throws Refused, Unreachable, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case Refused refused -> throw refused;
                case Unreachable unreachable -> throw unreachable;
                case null, default -> throw new IllegalStateException(e.getCause());
            }
        }
    }
}
