package dev.chancery.redaction;

import io.micrometer.core.instrument.Metrics;

/**
 * Counts what was found where it should not be: {@code chancery_dlp_findings_total}, by where it was going, kind and what became of it. A
 * value is in none of it.
 */
public final class Findings {
    /** Where something was found on its way to. */
    public enum Sink {
        /** The body, path or query of a request in clear through the forward proxy. */
        PROXY("proxy"),
        /** The reply of a method. */
        REPLY("reply"),
        /** An event's clear fields, on their way to a topic. */
        TOPIC("topic"),
        /** A log line. */
        LOG("log");

        private final String text;

        Sink(String text) {
            this.text = text;
        }
    }

    /** What became of it. */
    public enum Outcome {
        /** It did not get there. */
        BLOCKED("blocked"),
        /** It did, and somebody should look. */
        ALERTED("alerted"),
        /** A mark stands in its place. */
        REDACTED("redacted");

        private final String text;

        Outcome(String text) {
            this.text = text;
        }
    }

    private Findings() {}

    /** @param kind of {@link Profile#ALL}, or a sink's own */
    public static void count(Sink sink, String kind, Outcome outcome, long values) {
        Metrics.counter("chancery.dlp.findings", "sink", sink.text, "kind", kind, "outcome", outcome.text)
                .increment(values);
    }
}
