package dev.chancery.auditor;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    private static final String TYPE = "application/vnd.chancery.dsar-completion+json";
    private static final Set<String> MEMBERS = Set.of("completed", "inclusion", "payload", "payloadType", "signatures");
    private static final Pattern KEY =
            Pattern.compile("(?<name>(?<instance>[a-z0-9.-]{1,63})/dsar)\\+(?<id>[0-9a-f]{8})");

    static CompletionProof read(Trust trust, byte[] bytes) throws Malformed {
        if (bytes.length > MAX_BYTES) {
            throw new Malformed("longer than " + MAX_BYTES + " bytes");
        }
        int length = bytes.length > 0 && bytes[bytes.length - 1] == '\n' ? bytes.length - 1 : bytes.length;
        Map<?, ?> file = CanonicalJson.object("the file", Arrays.copyOf(bytes, length));
        if (!file.keySet().equals(MEMBERS)) {
            throw new Malformed(
                    "has not the members " + MEMBERS.stream().sorted().toList());
        }
        if (!TYPE.equals(file.get("payloadType"))) {
            throw new Malformed("is an envelope of something else than " + TYPE);
        }
        byte[] payload = Base64Text.decode("the payload", text(file, "payload"));
        if (!(file.get("signatures") instanceof List<?> signatures)
                || signatures.size() != 1
                || !(signatures.getFirst() instanceof Map<?, ?> signature)
                || !signature.keySet().equals(Set.of("keyid", "sig"))) {
            throw new Malformed("has not one signature, with keyid and sig");
        }
        Matcher name = KEY.matcher(text(signature, "keyid"));
        if (!name.matches()) {
            throw new Malformed("is signed by no key for statements of completion");
        }
        VerifierKey key = trust.key(name.group("name"), HexFormat.fromHexDigits(name.group("id")));
        if (key == null) {
            throw new Malformed("is signed by " + text(signature, "keyid") + ", which the trust file lacks");
        }
        byte[] signed = Base64Text.decode("the signature", text(signature, "sig"), VerifierKey.SIGNATURE_LENGTH);
        byte[] preAuthentication = preAuthentication(payload);
        if (!key.verifies(signed, 0, preAuthentication, 0, preAuthentication.length)) {
            throw new Malformed("is not what " + key.label() + " signed");
        }
        return new CompletionProof(
                name.group("instance"),
                key,
                payload,
                CanonicalJson.object("the statement", payload),
                Base64Text.decode("the event", text(file, "completed")),
                ProofFile.read(text(file, "inclusion").getBytes(StandardCharsets.UTF_8), true));
    }

    private static byte[] preAuthentication(byte[] payload) {
        byte[] head = ("DSSEv1 " + TYPE.length() + " " + TYPE + " " + payload.length + " ")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(head, head.length + payload.length);
        System.arraycopy(payload, 0, all, head.length, payload.length);
        return all;
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

    private static String text(Map<?, ?> object, String member) throws Malformed {
        if (object.get(member) instanceof String text) {
            return text;
        }
        throw new Malformed("has no text " + member);
    }
}
