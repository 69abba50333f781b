package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.redaction.Findings;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.identity.v1.ListPrincipalsReply;
import dev.chancery.schema.identity.v1.ListedPrincipal;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Prints the processor time that looking at a reply takes. Run by name; how in docs/reference/performance.md. */
final class FieldScanBenchmark {
    @Test
    void measures() {
        var page = ListPrincipalsReply.newBuilder();
        for (int i = 0; i < 100; i++) {
            page.addPrincipals(ListedPrincipal.newBuilder()
                    .setPrincipalId(UUID.randomUUID().toString())
                    .setClientId("user." + UUID.randomUUID())
                    .setDisplayName("Ada Lovelace")
                    .setEmail("ada.lovelace." + i + "@example.org"));
        }
        Map<String, Message> replies = new TreeMap<>(Map.of(
                "a check's reply",
                CheckReply.newBuilder().setReason("granted").setRole("auditor").build(),
                "a page of 100 principals",
                page.build()));
        var scan = new FieldScan(Findings.Sink.REPLY);
        var threads = ManagementFactory.getThreadMXBean();
        for (int round = 0; round < 4; round++) {
            replies.forEach((name, reply) -> {
                int times = Math.max(200, 40_000_000 / (1 + reply.getSerializedSize()) / 20);
                long begun = threads.getCurrentThreadCpuTime();
                for (int i = 0; i < times; i++) {
                    if (!scan.withoutCredentials(reply).equals(reply)) {
                        throw new IllegalStateException("nothing was to be found");
                    }
                }
                System.out.printf(
                        "dlp of %s: %.1f us%n", name, (threads.getCurrentThreadCpuTime() - begun) / 1_000.0 / times);
            });
        }
    }
}
