package dev.chancery.auditor;

import dev.chancery.auditor.Entry.Problem;
import dev.chancery.auditor.Statement.Outcome;
import dev.chancery.auditor.Statement.Result;
import java.util.List;

/** The rules that one statement keeps or breaks by itself. */
final class EntryRules {
    private EntryRules() {}

    static void check(Statement statement, long position, Checkpoint checkpoint, List<Problem> problems) {
        if (!statement.origin().equals(checkpoint.origin())) {
            problems.add(new Problem(Rule.ORDER, "belongs to the log " + statement.origin()));
        }
        if (statement.position() != position) {
            problems.add(
                    new Problem(Rule.ORDER, "was signed for position " + Long.toUnsignedString(statement.position())));
        }
        if (!statement.action().startsWith(statement.feature() + ".")) {
            problems.add(new Problem(
                    Rule.ACTION, "action " + statement.action() + " is not of the feature " + statement.feature()));
        }
        if (statement.kind() instanceof Outcome outcome) {
            outcome(outcome, problems);
            for (EventRef event : outcome.events()) {
                event(event, statement.feature(), problems);
            }
        }
    }

    private static void outcome(Outcome outcome, List<Problem> problems) {
        Result result = outcome.result();
        boolean wantsCode = result == Result.FAILURE || result == Result.DENIED;
        if (wantsCode == outcome.code().isEmpty()) {
            problems.add(new Problem(Rule.OUTCOME, result + (wantsCode ? " without a code" : " with a code")));
        }
        if (result != Result.SUCCESS && outcome.hasEvents()) {
            problems.add(new Problem(Rule.OUTCOME, result + " with events"));
        }
        if (result == Result.ABANDONED && outcome.intent() == null) {
            problems.add(new Problem(Rule.OUTCOME, "ABANDONED without an intent"));
        }
        if (result == Result.DENIED && outcome.intent() != null) {
            problems.add(new Problem(Rule.OUTCOME, "DENIED with an intent"));
        }
        if (result != Result.ABANDONED && outcome.effectUnknown()) {
            problems.add(new Problem(Rule.OUTCOME, result + " with effect_unknown"));
        }
        if (outcome.denials() != 0 && (result != Result.DENIED || outcome.denials() == 1)) {
            problems.add(new Problem(Rule.OUTCOME, result + " for " + outcome.denials() + " denials"));
        }
    }

    static void event(EventRef event, String feature, List<Problem> problems) {
        if (!event.type().startsWith("chancery." + feature + ".")) {
            problems.add(new Problem(Rule.EVENT, "type " + event.type() + " is not of the feature " + feature));
        }
        if (!event.stream().startsWith(feature + "/")) {
            problems.add(new Problem(Rule.EVENT, "stream " + event.stream() + " is not of the feature " + feature));
        }
    }
}
