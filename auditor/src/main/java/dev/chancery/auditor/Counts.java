package dev.chancery.auditor;

import dev.chancery.auditor.Statement.Result;
import java.util.List;
import java.util.Map;

/**
 * What an audit met.
 *
 * @param entriesVerified entries with which nothing is wrong
 * @param signatures how many each source key made, by name and key id
 * @param destructions of subjects' keys, as the log records them: what they had sealed is erased, which is not tampered with
 * @param firstOpenIntents the lowest positions of intents without an outcome
 */
record Counts(
        long entriesVerified,
        Map<String, Long> signatures,
        long intents,
        long openIntents,
        List<Long> firstOpenIntents,
        Map<Result, Long> outcomes,
        long effectUnknown,
        long events,
        long destructions) {

    static final Counts NONE = new Counts(0, Map.of(), 0, 0, List.of(), Map.of(), 0, 0, 0);

    long outcomesOf(Result result) {
        return outcomes.getOrDefault(result, 0L);
    }

    long outcomesInAll() {
        return outcomes.values().stream().mapToLong(Long::longValue).sum();
    }
}
