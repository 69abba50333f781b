package dev.chancery.cli.bench;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.Unreachable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Privileged commands; and how far the relay and the ledger fall behind meanwhile. */
final class CommandsMode {
    /** What a figure may be too high by. More often, and the probe would take from what it measures. */
    private static final long CHECKPOINT_POLL_NANOS = 25_000_000;

    private static final long PAUSE_NANOS = 50_000_000;
    private static final long LAG_PAUSE_NANOS = 500_000_000;

    private final Bench bench;
    private final Latencies checkpoints = new Latencies();
    private final AtomicLong maxLagRecords = new AtomicLong();

    /** A command of the first caller, and when it was answered. */
    private volatile Answered newest = new Answered("", 0);

    private record Answered(String position, long nanos) {}

    CommandsMode(Bench bench) {
        this.bench = bench;
    }

    void run() throws Refused, Unreachable, InterruptedException, IOException {
        List<Thread> watchers = new ArrayList<>();
        Callers callers = Callers.start(bench.plan().callers(), bench.plan().rate(), this::commands);
        Bench.Window window;
        long lagBefore;
        long lagAfter;
        try (callers) {
            watchers.add(Thread.ofVirtual().start(() -> watchCheckpoints(callers)));
            watchers.add(Thread.ofVirtual().start(() -> watchLag(callers)));
            lagBefore = bench.target().relayLagRecords();
            window = bench.measure(callers);
            lagAfter = bench.target().relayLagRecords();
        }
        for (Thread watcher : watchers) {
            watcher.join();
        }
        bench.reportCalls("commands", "commands", callers, window);
        long most = maxLagRecords.get();
        Report report = bench.report();
        report.add(
                "relay lag",
                lagBefore + " records before, " + lagAfter + " after, " + most + " at most",
                "maxRelayLagRecords",
                most);
        report.add(
                "entry to checkpoint",
                checkpoints.summary() + " (" + checkpoints.count() + " samples)",
                "entryToCheckpoint",
                checkpoints.json());
    }

    private Callers.Call commands(int caller) {
        if (caller > 0) {
            return bench.commands(caller);
        }
        var round = new Tenant.Round();
        return () -> {
            Reply reply = bench.tenant(0).next(bench.target().grpc(0), round);
            newest = new Answered(reply.position(), System.nanoTime());
        };
    }

    /** How long after its answer a command is covered by a signed checkpoint, seen from here: asked every few milliseconds. */
    private void watchCheckpoints(Callers callers) {
        while (!callers.isStopped()) {
            Answered wanted = newest;
            try {
                if (!wanted.position.isEmpty()) {
                    long number = Long.parseLong(wanted.position.substring(wanted.position.indexOf('@') + 1));
                    while (!callers.isStopped()
                            && bench.tenant(0).checkpointSize(bench.target().grpc(0)) <= number) {
                        Callers.pauseNanos(CHECKPOINT_POLL_NANOS);
                    }
                    if (callers.isMeasuring()) {
                        checkpoints.add(System.nanoTime() - wanted.nanos);
                    }
                }
            } catch (Refused | Unreachable e) {
                callers.refused("checkpoint");
            }
            Callers.pauseNanos(PAUSE_NANOS);
        }
    }

    private void watchLag(Callers callers) {
        while (!callers.isStopped()) {
            try {
                maxLagRecords.accumulateAndGet(bench.target().relayLagRecords(), Math::max);
            } catch (Refused | Unreachable e) {
                callers.refused("metrics");
            }
            Callers.pauseNanos(LAG_PAUSE_NANOS);
        }
    }
}
