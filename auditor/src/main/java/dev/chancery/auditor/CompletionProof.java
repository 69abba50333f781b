package dev.chancery.auditor;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What was done about a subject's request (docs/reference/formats.md): a DSSE envelope, the event that completed the request, and the proof
 * that the log has that event. Being read says only that the envelope is signed.
 *
 * @param body of the event
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record CompletionProof(
        String instance, VerifierKey signer, byte[] payload, Map<?, ?> statement, byte[] body, ProofFile proof) {
    static final int MAX_BYTES = 4 * ProofFile.MAX_BYTES;
    static final String EVENT = "chancery.dsar.v1.RequestCompleted";

    /** The newest that a statement is written in. */
    private static final int FORMAT = 3;

    private static final Envelope.Form FORM = new Envelope.Form(
            "application/vnd.chancery.dsar-completion+json",
            "dsar",
            Set.of("completed", "inclusion"),
            Set.of(),
            MAX_BYTES);

    static CompletionProof read(Trust trust, byte[] bytes) throws Malformed {
        Envelope envelope = Envelope.read(trust, bytes, FORM);
        return new CompletionProof(
                envelope.instance(),
                envelope.signer(),
                envelope.payload(),
                CanonicalJson.object("the statement", envelope.payload()),
                Base64Text.decode("the event", Envelope.text(envelope.file(), "completed")),
                ProofFile.inclusion(envelope.file()));
    }

    /** What does not hold of the statement and its event by themselves. */
    void check(Findings findings) throws Malformed {
        if (!(statement.get("format") instanceof Long format) || format < 1 || format > FORMAT) {
            throw new Malformed("the statement is of no format from 1 to " + FORMAT);
        }
        var wire = new Wire("completed", body, 0, body.length);
        String request = "";
        byte[] hash = new byte[0];
        long named = 1;
        long met = 0;
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> request = wire.string();
                case 2 -> hash = Shape.exactly("completed.statement_sha256", wire.bytes(), Hashing.LENGTH);
                case 3 -> wire.string();
                case 4 -> named = wire.integer();
                case 5 -> met = wire.integer();
                default -> throw wire.unknown();
            }
        }
        if (!Arrays.equals(new Hashing().plain(payload), hash) || !request.equals(statement.get("request"))) {
            findings.add("statement", Rule.STATEMENT, "is not the one that the log's event names");
        }
        if (named != format) {
            findings.add("statement", Rule.STATEMENT, "is of another format than the log's event names");
        }
        if (format > 1
                && statement.get("horizon") instanceof Map<?, ?> horizon
                && (!Boolean.valueOf(met > 0).equals(horizon.get("met"))
                        || met > 0 && !Long.valueOf(met).equals(horizon.get("metPosition")))) {
            findings.add("statement", Rule.STATEMENT, "says of the horizon what the log's event does not");
        }
        if (!proof.checkpoint().origin().startsWith(instance + "/")) {
            findings.add("proof", Rule.ANOTHER_LOG, "is of another instance than the one that signed the statement");
        }
        if (!"erasure".equals(statement.get("kind"))) {
            return;
        }
        if (!(statement.get("keysDestroyed") instanceof Map<?, ?>)) {
            findings.add("statement", Rule.STATEMENT, "is of an erasure, and names no keys that were destroyed");
        }
        for (Map<?, ?> system : systems()) {
            if (!"done".equals(system.get("outcome"))) {
                findings.add(
                        "statement",
                        Rule.STATEMENT,
                        Text.printable(String.valueOf(system.get("system"))) + " has not erased what it holds");
            }
        }
    }

    void describe(Map<String, String> facts) {
        facts.put("signed by", signer.label());
        for (String name : List.of("request", "subject", "kind", "regime", "received", "due", "completedBy")) {
            if (statement.get(name) instanceof String value) {
                facts.put(name, Text.printable(value));
            }
        }
        facts.put(
                "systems",
                systems().isEmpty()
                        ? "none"
                        : systems().stream()
                                .map(system -> Text.printable(system.get("system") + " " + system.get("asked") + ": "
                                        + system.get("outcome")))
                                .collect(Collectors.joining("; ")));
        if (statement.get("keysDestroyed") instanceof Map<?, ?> keys) {
            facts.put("keys", keys.get("count") + " destroyed, recorded at " + keys.get("position"));
        }
        if (statement.get("holdsApplied") instanceof List<?> holds) {
            facts.put("holds", holds.isEmpty() ? "none" : Text.printable(holds.toString()));
        }
        if (statement.get("horizon") instanceof Map<?, ?> horizon) {
            facts.put(
                    "horizon",
                    Text.printable("keys in memory " + horizon.get("keysInMemorySeconds") + " s, backups "
                            + backups(horizon)));
        }
        if (statement.get("kept") instanceof List<?> kept) {
            facts.put("kept", Text.printable(kept.toString()));
        }
        if (statement.get("notProven") instanceof List<?> unproven) {
            for (int i = 0; i < unproven.size(); i++) {
                facts.put("unproven " + (i + 1), Text.printable(String.valueOf(unproven.get(i))));
            }
        }
    }

    private static String backups(Map<?, ?> horizon) {
        if (horizon.get("met") instanceof Boolean met) {
            return met
                    ? "open nothing, recorded at " + horizon.get("metPosition")
                    : "may open it until " + horizon.get("standsUntil") + ": not met when this was stated";
        }
        return String.valueOf(horizon.get("backups"));
    }

    private List<Map<?, ?>> systems() {
        return statement.get("systems") instanceof List<?> systems
                ? systems.stream()
                        .filter(Map.class::isInstance)
                        .<Map<?, ?>>map(system -> (Map<?, ?>) system)
                        .toList()
                : List.of();
    }
}
