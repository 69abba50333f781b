package dev.chancery.auditor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An erasure certificate (docs/reference/formats.md) with the records that it names, each with the proof that the log has it. Being read says
 * only that the certificate is signed.
 */
record ErasureCertificate(Envelope envelope, Map<?, ?> statement) {
    /** Some thousand records. */
    static final int MAX_BYTES = 1 << 23;

    private static final String RECORDS = "records";
    private static final String POSITION = "position";
    private static final String HOLDS = "holds";
    private static final String CLASS = "class";
    private static final String STATE = "state";

    private static final Envelope.Form FORM = new Envelope.Form(
            "application/vnd.chancery.erasure-certificate+json", "erasure", Set.of(), Set.of(RECORDS), MAX_BYTES);

    /** What a class, and all of them, may have come to; the least first. */
    private static final List<String> STATES = List.of("withheld", "decided", "keys-destroyed", "completed");

    /**
     * A record that the certificate names.
     *
     * @param events the bodies of its events
     */
    record Named(List<byte[]> events, ProofFile proof) {}

    static ErasureCertificate read(Trust trust, byte[] bytes) throws Malformed {
        Envelope envelope = Envelope.read(trust, bytes, FORM);
        Map<?, ?> statement = CanonicalJson.object("the certificate", envelope.payload());
        if (!envelope.instance().equals(statement.get("instance"))) {
            throw new Malformed("is about another instance than the one that signed it");
        }
        return new ErasureCertificate(envelope, statement);
    }

    void describe(Map<String, String> facts) {
        facts.put("signed by", envelope.signer().label());
        fact(facts, "log", "organisation");
        fact(facts, "subject", "subject");
        fact(facts, "issued", "issued_at");
        List<String> classes = new ArrayList<>();
        for (Map<?, ?> each : objects("classes")) {
            classes.add(Text.printable(each.get(CLASS) + " " + each.get(STATE)));
        }
        facts.put("classes", String.join(", ", classes));
        fact(facts, STATE, STATE);
    }

    private void fact(Map<String, String> facts, String name, String member) {
        if (statement.get(member) instanceof String text) {
            facts.put(name, Text.printable(text));
        }
    }

    /** Whether it has to bring its records: the first type had none. */
    boolean isOfRecords() throws Malformed {
        String type = Envelope.text(statement, "type");
        if (type.equals("chancery-erasure-2")) {
            return true;
        }
        if (!type.equals("chancery-erasure-1") || envelope.file().containsKey(RECORDS)) {
            throw new Malformed("is of no type that this reads, or brings records that its type has not");
        }
        return false;
    }

    String subject() throws Malformed {
        return Envelope.text(statement, "subject");
    }

    /** The log that it is about. */
    String origin() throws Malformed {
        return envelope.instance() + "/" + Envelope.text(statement, "organisation");
    }

    /** In the order of the file; at least one. */
    List<Named> records() throws Malformed {
        if (!(envelope.file().get(RECORDS) instanceof List<?> all) || all.isEmpty()) {
            throw new Malformed("brings no proof that the log has the records that it names: `chancery erasure proof`"
                    + " writes a certificate with them");
        }
        List<Named> records = new ArrayList<>();
        for (Object each : all) {
            if (!(each instanceof Map<?, ?> record)
                    || !record.keySet().equals(Set.of("events", "inclusion"))
                    || !(record.get("events") instanceof List<?> texts)) {
                throw new Malformed("has a record without events and inclusion");
            }
            List<byte[]> events = new ArrayList<>();
            for (Object text : texts) {
                events.add(Base64Text.decode("an event", text instanceof String base64 ? base64 : "?"));
            }
            records.add(new Named(events, ProofFile.inclusion(record)));
        }
        return records;
    }

    /**
     * What of it the records do not say: classes, holds and the whole's state are derived from the records again, and compared.
     *
     * @param events those that the log has, by what was proven
     */
    void check(List<ErasureEvent> events, Findings findings) throws Malformed {
        var derivation = new Derivation(events);
        for (Map<?, ?> hold : objects(HOLDS)) {
            compare(hold, derivation.hold(hold), "hold " + hold.get("hold"), findings);
        }
        Set<Object> seen = new HashSet<>();
        int least = STATES.size() - 1;
        for (Map<?, ?> each : objects("classes")) {
            compare(each, derivation.destruction(each), "class " + each.get(CLASS), findings);
            if (!seen.add(each.get(CLASS))) {
                throw new Malformed("has a class twice");
            }
            least = Math.min(least, STATES.indexOf(each.get(STATE)));
        }
        if (seen.isEmpty() || least < 0 || !STATES.get(least).equals(statement.get(STATE))) {
            findings.add("certificate", Rule.CERTIFICATE, "has not the least state of its classes");
        }
        for (ErasureEvent event : events) {
            if (!derivation.named.contains(event.position())) {
                findings.add(
                        "certificate",
                        Rule.CERTIFICATE,
                        "brings record " + event.position() + ", which it does not name");
            }
        }
    }

    private static void compare(Map<?, ?> said, Map<String, Object> derived, String what, Findings findings) {
        if (!said.equals(derived)) {
            findings.add(
                    "certificate",
                    Rule.CERTIFICATE,
                    "says of " + Text.printable(what) + " what the log's records do not");
        }
    }

    private List<Map<?, ?>> objects(String member) {
        List<Map<?, ?>> objects = new ArrayList<>();
        if (statement.get(member) instanceof List<?> all) {
            for (Object each : all) {
                objects.add(each instanceof Map<?, ?> object ? object : Map.of());
            }
        }
        return objects;
    }

    /** Classes and holds as the records at the positions that the certificate names have them. */
    private final class Derivation {
        private final List<ErasureEvent> events;
        private final Set<Long> named = new HashSet<>();

        Derivation(List<ErasureEvent> events) {
            this.events = events;
        }

        Map<String, Object> hold(Map<?, ?> said) throws Malformed {
            Predicate<ErasureEvent> its = event -> event.field("hold").equals(said.get("hold"));
            ErasureEvent set = event(said.get("set_position"), "HoldSet", its);
            Map<String, Object> hold = new TreeMap<>(Map.of(
                    "hold", set.field("hold"),
                    "matter", set.field("matter"),
                    "classes", set.field("classes"),
                    "set_position", set.position()));
            if (said.containsKey("cleared_position")) {
                hold.put(
                        "cleared_position",
                        event(said.get("cleared_position"), "HoldCleared", its).position());
            }
            return hold;
        }

        Map<String, Object> destruction(Map<?, ?> said) throws Malformed {
            String retention = Envelope.text(said, CLASS);
            Map<String, Object> derived = new TreeMap<>(Map.of(CLASS, retention));
            if (said.containsKey("withheld")) {
                ErasureEvent withheld = event(said, "withheld", "DestructionWithheld");
                derived.putAll(begun(withheld, "withheld"));
                derived.put("withheld", Map.of(POSITION, withheld.position(), HOLDS, covering(retention)));
                return derived;
            }
            ErasureEvent decided = event(said, "decided", "DestructionDecided");
            derived.putAll(begun(decided, "decided"));
            derived.put(
                    "decided",
                    Map.of(POSITION, decided.position(), "considered_holds", decided.field("considered_holds")));
            if (!decided.field("period").equals("")) {
                derived.put("retention", Map.of("period", decided.field("period"), "since", decided.time("since")));
            }
            if (said.containsKey("keys_destroyed")) {
                ErasureEvent destroyed = event(said, "keys_destroyed", "KeysDestroyed");
                derived.put(STATE, "keys-destroyed");
                derived.put(
                        "keys_destroyed",
                        Map.of(
                                POSITION,
                                destroyed.position(),
                                "keys",
                                destroyed.field("keys"),
                                "horizon",
                                destroyed.time("horizon")));
            }
            if (said.containsKey("completed")) {
                ErasureEvent completed = event(said, "completed", "DestructionCompleted");
                derived.put(STATE, "completed");
                derived.put(
                        "completed",
                        Map.of(
                                POSITION,
                                completed.position(),
                                "organisation_key_from_version",
                                completed.field("tenant_key_version"),
                                "sealer_key_from_version",
                                completed.field("sealer_key_version")));
            }
            return derived;
        }

        private static Map<String, Object> begun(ErasureEvent event, String state) throws Malformed {
            return Map.of("ground", event.ground(), "request", event.field("request"), STATE, state);
        }

        private List<Object> covering(String retention) {
            return objects(HOLDS).stream()
                    .filter(hold -> !hold.containsKey("cleared_position")
                            && hold.get("classes") instanceof List<?> classes
                            && classes.contains(retention))
                    .<Object>map(hold -> Objects.requireNonNullElse(hold.get("hold"), ""))
                    .toList();
        }

        private ErasureEvent event(Map<?, ?> said, String member, String type) throws Malformed {
            String retention = Envelope.text(said, CLASS);
            Object position = said.get(member) instanceof Map<?, ?> step ? step.get(POSITION) : null;
            return event(position, type, event -> event.isOf(retention));
        }

        private ErasureEvent event(@Nullable Object position, String type, Predicate<ErasureEvent> its)
                throws Malformed {
            for (ErasureEvent event : events) {
                if (Long.valueOf(event.position()).equals(position)
                        && event.type().equals(type)
                        && its.test(event)) {
                    named.add(event.position());
                    return event;
                }
            }
            throw new Malformed("names the " + type + " of record " + position + ", which it does not bring");
        }
    }
}
