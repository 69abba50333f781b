package dev.chancery.auditor;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * Prints what the machine is, hashes a second, entries a second by the clock and by processor time, which says more while others are at
 * work. Run by name; how in docs/reference/performance.md.
 */
final class AuditBenchmark {
    private static final int TREE_LEAVES = 2_000_000;
    private static final int ROUNDS = 3;

    @Test
    void measures() throws Exception {
        int entries = Integer.getInteger("chancery.bench.entries", 100_000);
        System.out.printf(
                Locale.ROOT,
                "%s, %d processors, Java %s, heap %d MiB%n",
                processor(),
                Runtime.getRuntime().availableProcessors(),
                Runtime.version(),
                Runtime.getRuntime().maxMemory() >> 20);
        Path directory = Files.createTempDirectory("audit-benchmark");
        try {
            for (int round = 0; round < ROUNDS; round++) {
                hashes();
            }
            Path export = SampleExport.valid(entries, true).write(directory);
            for (int round = 0; round < ROUNDS; round++) {
                long start = System.nanoTime();
                long startCpu = cpuNanos();
                boolean intact = Audited.audit(export).isIntact();
                double seconds = (System.nanoTime() - start) / 1e9;
                double cpuSeconds = (cpuNanos() - startCpu) / 1e9;
                System.out.printf(
                        Locale.ROOT,
                        "%,d entries in %.2f s: %,.0f entries/s, %,.0f a second of processor time, intact %b%n",
                        entries,
                        seconds,
                        entries / seconds,
                        entries / cpuSeconds,
                        intact);
            }
        } finally {
            Audited.delete(directory);
        }
    }

    /** One thread: a leaf hash of 300 bytes and a node hash for each entry. */
    private static void hashes() {
        Tree tree = new Tree((level, hash) -> {});
        Hashing hashing = new Hashing();
        byte[] entry = new byte[300];
        long start = System.nanoTime();
        for (int i = 0; i < TREE_LEAVES; i++) {
            entry[i & 255]++;
            tree.add(hashing.leaf(entry, 0, entry.length));
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%,.0f hashes/s on one thread (root begins %02x)%n",
                2 * TREE_LEAVES / seconds,
                tree.root()[0]);
    }

    /** Of all threads of this process. */
    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static String processor() throws IOException {
        Path cpuinfo = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(cpuinfo)) {
            return System.getProperty("os.arch");
        }
        return Files.readAllLines(cpuinfo).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse(System.getProperty("os.arch"));
    }
}
