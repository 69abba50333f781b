package dev.chancery.cli.bench;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * From the acknowledgement that something ended, to the first check that denies. In each round something is given, and every point first
 * has to allow it: so each is known to answer, and to know what was given. Then it ends, and every point is asked again and again,
 * without a position, until it denies. A sample ends when the denial is here, so it includes one check's way there and back.
 */
final class EndedRounds {
    private static final long MAX_WAIT_NANOS = Duration.ofSeconds(30).toNanos();

    /** What a round gives, and then ends. */
    interface Given {
        /** Whose it is, as the points are asked for it. */
        String principalId();

        void end() throws Refused, Unreachable;
    }

    /** Gives what the next round ends. */
    @FunctionalInterface
    interface Giving {
        Given give() throws Refused, Unreachable;
    }

    private record Point(String name, CheckPoint check, Latencies enforced) {}

    private final Bench bench;
    private final Giving giving;
    private final List<Point> points = new ArrayList<>();
    private final Latencies everywhere = new Latencies();

    EndedRounds(Bench bench, Giving giving) {
        this.bench = bench;
        this.giving = giving;
    }

    /** Asks this point in each round as well. */
    EndedRounds at(String name, CheckPoint check) {
        points.add(new Point(name, check, new Latencies()));
        return this;
    }

    /**
     * @param load how many callers send commands meanwhile
     * @param rate how many of them a second; 0: as fast as answers come
     */
    void run(String what, int load, int rate) throws Refused, Unreachable, InterruptedException, IOException {
        Plan plan = bench.plan();
        int warmup = Math.max(1, plan.rounds() / 10);
        ProcessorTime.Used before = bench.used();
        long begunNanos = System.nanoTime();
        Callers callers = Callers.start(load, rate, bench::commands);
        try (callers;
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            if (load > 0) {
                Thread.sleep(plan.warmupSeconds() * 1_000L);
                callers.measure(true);
                before = bench.used();
                begunNanos = System.nanoTime();
            }
            for (int i = -warmup; i < plan.rounds(); i++) {
                round(threads, i >= 0);
            }
            callers.measure(false);
        }
        double seconds = (System.nanoTime() - begunNanos) / 1e9;
        for (Point point : points) {
            Latencies enforced = point.enforced();
            bench.report().add("denied by " + point.name(), enforced.summary(), point.name(), enforced.json());
        }
        bench.report()
                .add(
                        what + " everywhere",
                        everywhere.summary() + " (" + everywhere.count() + " rounds)",
                        "everywhere",
                        everywhere.json());
        if (load > 0) {
            var window = new Bench.Window(
                    seconds, callers.latencies().count(), bench.used().since(before));
            bench.reportCalls("commands meanwhile", "commands", callers, window);
        }
    }

    private void round(ExecutorService threads, boolean counts) throws Refused, Unreachable, InterruptedException {
        Given given = giving.give();
        for (Point point : points) {
            await(point.check(), given.principalId(), true);
        }
        given.end();
        long acknowledgedNanos = System.nanoTime();
        List<Future<Long>> denials = new ArrayList<>();
        for (Point point : points) {
            denials.add(threads.submit(() -> await(point.check(), given.principalId(), false) - acknowledgedNanos));
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
