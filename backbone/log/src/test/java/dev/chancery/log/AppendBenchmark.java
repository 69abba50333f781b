package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;

import dev.chancery.kernel.StreamId;
import dev.chancery.testkit.Backing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Commands a second through append alone: intent with its key reserved, then outcome with one event and its receipt, on the embedded
 * PostgreSQL with durable settings, driver included. Run by name; how in docs/reference/performance.md.
 */
final class AppendBenchmark {
    private static final int WARM_UP_SECONDS = 5;

    @Test
    void measures() throws Exception {
        int seconds = Integer.getInteger("chancery.bench.seconds", 10);
        System.out.println(hardware());
        try (TestLog log = TestLog.fresh()) {
            run(log, 64, 4, WARM_UP_SECONDS, false);
            for (int callers : new int[] {64, 16}) {
                for (int tenants : new int[] {1, 4}) {
                    run(log, callers, tenants, seconds, true);
                }
            }
        }
    }

    /** Time on the processors: what stays comparable when the machine has other things to do. */
    private record Cpu(long javaNanos, long postgresNanos) {
        static Cpu now() {
            return new Cpu(
                    nanos(ProcessHandle.current()),
                    ProcessHandle.of(Backing.postgres().pid()).stream()
                            .flatMap(ProcessHandle::descendants)
                            .mapToLong(Cpu::nanos)
                            .sum());
        }

        private static long nanos(ProcessHandle process) {
            return process.info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
        }

        Cpu minus(Cpu before) {
            return new Cpu(javaNanos - before.javaNanos, postgresNanos - before.postgresNanos);
        }
    }

    private static void run(TestLog log, int callers, int tenants, int seconds, boolean report) throws Exception {
        List<String> names =
                IntStream.range(0, tenants).mapToObj(i -> log.tenant()).toList();
        Cpu before = Cpu.now();
        long startedNanos = System.nanoTime();
        long endNanos = startedNanos + seconds * 1_000_000_000L;
        List<Future<long[]>> running = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int caller = 0; caller < callers; caller++) {
                String tenant = names.get(caller % tenants);
                StreamId own = StreamId.of("access", "assignments", "caller-" + caller);
                String key = tenant + "." + caller + ".";
                running.add(executor.submit(() -> call(log, tenant, own, key, endNanos)));
            }
        }
        List<long[]> each = new ArrayList<>();
        for (Future<long[]> one : running) {
            each.add(one.get());
        }
        Cpu used = Cpu.now().minus(before);
        double took = (System.nanoTime() - startedNanos) / 1e9;
        long[] nanos = each.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        if (report) {
            System.out.printf(
                    "callers=%d tenants=%d commands/s=%.0f p50=%.1f ms p99=%.1f ms; CPU a command: Java %.3f ms, PostgreSQL %.3f ms%n",
                    callers,
                    tenants,
                    nanos.length / took,
                    nanos[nanos.length / 2] / 1e6,
                    nanos[(int) (nanos.length * 0.99)] / 1e6,
                    used.javaNanos() / 1e6 / nanos.length,
                    used.postgresNanos() / 1e6 / nanos.length);
        }
    }

    private static long[] call(TestLog log, String tenant, StreamId own, String key, long endNanos) {
        List<Long> nanos = new ArrayList<>();
        for (long version = 0; System.nanoTime() < endNanos; version++) {
            long begunNanos = System.nanoTime();
            var intent = log.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve(key + version, "request")));
            log.appended(
                    ACCESS,
                    Drafts.outcome(tenant)
                            .ending(intent)
                            .retiring(own, version)
                            .restingOn(Drafts.ROLE_MODEL, 0)
                            .receipt(Drafts.reply(key + version, "request", "done"))
                            .draft());
            nanos.add(System.nanoTime() - begunNanos);
        }
        return nanos.stream().mapToLong(Long::longValue).toArray();
    }

    private static String hardware() throws Exception {
        Path cpus = Path.of("/proc/cpuinfo");
        String model = Files.exists(cpus)
                ? Files.readAllLines(cpus).stream()
                        .filter(line -> line.startsWith("model name"))
                        .findFirst()
                        .orElse("")
                        .replaceFirst(".*: ", "")
                : System.getProperty("os.arch");
        return Runtime.getRuntime().availableProcessors() + " cores, " + model + ", Java "
                + Runtime.version() + ", load "
                + java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        .getSystemLoadAverage();
    }
}
