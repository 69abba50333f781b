package dev.chancery.egress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressDecision;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** How long an answer takes in process, with a workspace's list as long as it may be. Run by name. */
final class EvaluateBenchmark {
    private static final int WARM_UP = 200_000;
    private static final int QUESTIONS = 1_000_000;

    @Test
    void measures() {
        var allow = new TreeSet<String>();
        for (int i = 0; i < EgressRules.MAX_PATTERNS; i++) {
            allow.add((i % 2 == 0 ? "*." : "**.") + "h" + i + ".example.com");
        }
        var state = new WorkspaceEgress(allow, new TreeSet<>(), new TreeMap<>(), false, DlpPolicy.STANDARD, List.of());
        var policies =
                new Policies((tenant, workspace) -> Optional.of(state), AddressRanges.forbidden(), BuiltInHosts.ALL);
        Instant now = Instant.now();
        long[] nanos = new long[QUESTIONS];
        int allowed = 0;
        for (int i = -WARM_UP; i < QUESTIONS; i++) {
            String url = "https://api.h" + Math.floorMod(i, 4_000) + ".example.com/v1/messages?q=" + i;
            long begun = System.nanoTime();
            EgressDecision decision =
                    policies.of("tenant", "workspace").orElseThrow().policy().evaluate(url, now);
            if (i >= 0) {
                nanos[i] = System.nanoTime() - begun;
                allowed += decision.allowed() ? 1 : 0;
            }
        }
        Arrays.sort(nanos);
        System.out.printf(
                "evaluate: p50 %.1f us, p99 %.1f us, p99.9 %.1f us; questions=%d patterns=%d allowed=%d cores=%d%n",
                nanos[QUESTIONS / 2] / 1e3,
                nanos[QUESTIONS / 100 * 99] / 1e3,
                nanos[QUESTIONS / 1_000 * 999] / 1e3,
                QUESTIONS,
                allow.size(),
                allowed,
                Runtime.getRuntime().availableProcessors());
        assertThat(allowed).isEqualTo(QUESTIONS / 2);
    }
}
