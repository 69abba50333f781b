package dev.chancery.redaction;

import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Prints how many MB one core redacts in a second of its own time, whatever else the machine does, over lines like ours: most clean,
 * some with something to find. Run by name; how in docs/reference/performance.md.
 */
final class RedactionBenchmark {
    private static final List<String> LINES = List.of(
            "{\"timestamp\":\"2026-01-01T00:00:00.123456Z\",\"level\":\"INFO\",\"logger\":\"relay.Relay\",\"message\":\"relay.batch tenant=0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21 from=18230 to=18493 millis=12\"}",
            "{\"timestamp\":\"2026-01-01T00:00:00.123456Z\",\"level\":\"INFO\",\"logger\":\"ledger.Checkpoints\",\"message\":\"ledger.checkpoint origin=ch-5f0c1d7a9b3e42aa/0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21 size=18494 root=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"}",
            "{\"timestamp\":\"2026-01-01T00:00:00.123456Z\",\"level\":\"WARN\",\"logger\":\"database.Database\",\"message\":\"Key (email)=(max.muster@example.org) already exists, host=127.0.0.1:5432\"}",
            "\tat dev.chancery.log.Append.append(Append.java:123) ~[log-0.1.0.jar:0.1.0] at java.base/java.lang.Thread.run(Thread.java:1474)");

    @Test
    void measures() {
        var threads = ManagementFactory.getThreadMXBean();
        long chars = 0;
        long checksum = 0;
        for (int round = 0; round < 6; round++) {
            chars = 0;
            long start = threads.getCurrentThreadCpuTime();
            while (chars < 200_000_000) {
                for (String line : LINES) {
                    checksum += Redactor.redact(line).length();
                    chars += line.length();
                }
            }
            System.out.printf("redaction MB/s=%d%n", chars * 1_000 / (threads.getCurrentThreadCpuTime() - start));
        }
        System.out.printf("checksum=%d%n", checksum);
    }
}
