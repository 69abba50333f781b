package dev.chancery.egress;

import dev.chancery.firewall.EgressDecision;
import io.micrometer.core.instrument.Metrics;

/** Decisions by reason: {@code chancery_egress_decisions_total}. */
final class EgressMetrics {
    private EgressMetrics() {}

    /** @param by who asked: {@code evaluate} or {@code proxy} */
    static void count(String by, EgressDecision decision) {
        Metrics.counter(
                        "chancery.egress.decisions",
                        "by",
                        by,
                        "reason",
                        decision.reason().code())
                .increment();
    }
}
