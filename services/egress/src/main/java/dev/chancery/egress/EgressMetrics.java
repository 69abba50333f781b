package dev.chancery.egress;

import dev.chancery.firewall.EgressDecision;
import io.micrometer.core.instrument.Metrics;

/**
 * Decisions by reason, {@code chancery_egress_decisions_total}, and connections that the proxy refused by code, {@code
 * chancery_proxy_refusals_total}: a rejection's, or one of those of connections that were ended without an answer.
 */
final class EgressMetrics {
    /** A stranger's connection that made room for another one. */
    static final String PUSHED_OUT = "pushed-out";

    /** What had to be sent did not come in time. */
    static final String LATE = "late";

    /** The process had no descriptor for it, or no memory. */
    static final String NOT_ACCEPTED = "not-accepted";

    private EgressMetrics() {}

    /** @param code of a rejection, or one of this class */
    static void refused(String code) {
        Metrics.counter("chancery.proxy.refusals", "code", code).increment();
    }

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
