package dev.chancery.auditor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What came of a proof. Everything in it may be printed: what came from files is escaped or has a checked form. */
final class ProofReport {
    private final Map<String, String> facts;
    private final Findings findings;

    /** @param facts what was read, by what it is; in the order to be shown */
    ProofReport(Map<String, String> facts, Findings findings) {
        this.facts = facts;
        this.findings = findings;
    }

    boolean isProven() {
        return findings.count() == 0;
    }

    /** For a person: one line a fact, then {@code PROVEN} or the numbered findings. */
    String text() {
        List<String> lines = new ArrayList<>();
        facts.forEach((name, value) -> lines.add(String.format(Locale.ROOT, "%-12s%s", name, value)));
        lines.add(isProven() ? "PROVEN" : "NOT PROVEN: " + findings.summary());
        return String.join("\n", lines);
    }

    /** For a program: one JSON object. Fields are only ever added. */
    String json() {
        String read = facts.entrySet().stream()
                .map((Map.Entry<String, String> fact) -> Text.json(fact.getKey()) + ":" + Text.json(fact.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        return "{\"proven\":" + isProven() + ",\"facts\":" + read + "," + findings.json() + "}";
    }
}
