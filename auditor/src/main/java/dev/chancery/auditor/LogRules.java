package dev.chancery.auditor;

import dev.chancery.auditor.Bundles.Bundle;
import dev.chancery.auditor.Statement.Intent;
import dev.chancery.auditor.Statement.IntentRef;
import dev.chancery.auditor.Statement.Outcome;
import dev.chancery.auditor.Statement.Result;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** "What holds in every log": the rules that need more than one entry, or the contract. Entries come in order. */
final class LogRules implements AutoCloseable {
    private final ExportFiles export;
    private final Findings findings;
    private final Series bodiesFiles;
    private final @Nullable Contract contract;
    private final @Nullable Contract pinned;
    private final Intents intents = new Intents();
    private final Events events;
    private final Map<Result, Long> outcomes = new EnumMap<>(Result.class);
    private final Map<String, Long> signatures = new TreeMap<>();
    private long recordedAtMicros = Long.MIN_VALUE;
    private long verified;
    private long intentCount;
    private long effectUnknown;

    /**
     * @param contract the export's; null where it is missing or malformed, then nothing is said about actions
     * @param pinned the auditor's own
     */
    LogRules(
            ExportFiles export,
            Findings findings,
            Checkpoint checkpoint,
            @Nullable Contract contract,
            @Nullable Contract pinned)
            throws IOException {
        this.export = export;
        this.findings = findings;
        this.bodiesFiles = Layout.bodies(checkpoint.size());
        this.contract = contract;
        this.pinned = pinned;
        this.events = new Events(checkpoint.logId(), findings);
    }

    void check(Bundle bundle) throws IOException {
        try (Bodies bodies = new Bodies(export, bodiesFiles.path(bundle.index()), findings)) {
            for (Entry entry : bundle.entries()) {
                check(bundle.path(), entry, bodies);
            }
            if (bundle.isWhole()) {
                bodies.finish();
            }
        }
    }

    private void check(String file, Entry entry, Bodies bodiesFile) throws IOException {
        long findingsBefore = findings.count();
        entry.problems().forEach(problem -> findings.add(file, entry.position(), problem.rule(), problem.message()));
        if (entry.signer() != null) {
            signatures.merge(entry.signer().label(), 1L, Long::sum);
        }
        List<byte[]> bodies = bodiesFile.next(entry);
        Statement statement = entry.statement();
        if (statement != null) {
            order(file, entry, statement);
            switch (statement.kind()) {
                case Intent intent -> {
                    intentCount++;
                    intents.begin(entry, statement, intent);
                    if (bodies != null && !bodies.isEmpty()) {
                        findings.add(bodiesFile.path(), entry.position(), Rule.EVENT, "an intent with bodies");
                    }
                }
                case Outcome outcome -> {
                    outcomes.merge(outcome.result(), 1L, Long::sum);
                    effectUnknown += outcome.effectUnknown() ? 1 : 0;
                    intent(file, entry, statement, outcome);
                    events.check(file, entry, statement.feature(), outcome, bodiesFile.path(), bodies);
                }
            }
            action(file, entry, statement);
        }
        if (entry.position() == 0 && events.adopted() == null) {
            findings.add(file, 0, Rule.CONTRACT, "no contract is adopted at position 0");
        }
        verified += findings.count() == findingsBefore ? 1 : 0;
    }

    private void order(String file, Entry entry, Statement statement) {
        if (statement.recordedAtMicros() < recordedAtMicros) {
            findings.add(file, entry.position(), Rule.ORDER, "was recorded before the entry that precedes it");
        }
        recordedAtMicros = Math.max(recordedAtMicros, statement.recordedAtMicros());
    }

    private void intent(String file, Entry entry, Statement statement, Outcome outcome) {
        IntentRef ref = outcome.intent();
        if (ref != null) {
            try {
                intents.end(statement, outcome, ref);
            } catch (Malformed e) {
                findings.add(file, entry.position(), Rule.INTENT, e.reason());
            }
        } else if (outcome.result() != Result.DENIED && isPrivileged(statement.action())) {
            findings.add(
                    file, entry.position(), Rule.PRIVILEGED, statement.action() + " is privileged, and had no intent");
        }
    }

    private boolean isPrivileged(String action) {
        return (contract != null && contract.privileged().contains(action))
                || (pinned != null && pinned.privileged().contains(action));
    }

    private void action(String file, Entry entry, Statement statement) {
        String action = statement.action();
        if (contract == null) {
            return;
        }
        if (!contract.actions().contains(action)) {
            findings.add(file, entry.position(), Rule.ACTION, action + " is no action of the contract");
        } else if (contract.ofSystem().contains(action) && statement.actorType() != Statement.ACTOR_SYSTEM) {
            findings.add(file, entry.position(), Rule.ACTION, action + " by another actor than the system");
        }
    }

    byte @Nullable [] adoptedContract() {
        return events.adopted();
    }

    /** What was counted so far. */
    Counts counts() {
        return new Counts(
                verified,
                Map.copyOf(signatures),
                intentCount,
                intents.openCount(),
                intents.firstOpen(),
                Map.copyOf(outcomes),
                effectUnknown,
                events.count(),
                events.destructions());
    }

    @Override
    public void close() throws IOException {
        intents.close();
        events.close();
    }
}
