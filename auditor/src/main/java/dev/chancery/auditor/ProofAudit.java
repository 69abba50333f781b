package dev.chancery.auditor;

import dev.chancery.auditor.Entry.Problem;
import dev.chancery.auditor.Statement.Intent;
import dev.chancery.auditor.Statement.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Judges one proof by the checkpoint that it leads to, without the log. */
final class ProofAudit {
    private static final String PROOF = "proof";
    private static final String ENTRY = "entry";
    private static final String CERTIFICATE = "certificate";
    private static final String DECISION = "decision";
    private static final String FROM = "from";
    private static final String TO = "to";

    private static final int MAX_REQUEST_BYTES = 1 << 26;

    private final Trust trust;
    private final Findings findings = new Findings();
    private final Map<String, String> facts = new LinkedHashMap<>();

    private ProofAudit(Trust trust) {
        this.trust = trust;
    }

    /**
     * That an entry is the one at a position of a log.
     *
     * @param entry null: the proof's extra data
     * @param origin the log that it must be of; null: any that the trust file has a key of
     */
    static ProofReport inclusion(Trust trust, Path proof, @Nullable Path entry, @Nullable String origin)
            throws IOException, WrongUsage {
        var audit = new ProofAudit(trust);
        byte @Nullable [] named = entry == null ? null : InputFile.read(entry, Entry.MAX_BYTES);
        try {
            audit.inclusion(ProofFile.inclusion(proof), named, origin);
        } catch (Malformed e) {
            audit.findings.add(PROOF, Rule.PROOF, e.reason());
        }
        return audit.report();
    }

    /**
     * That a decision was made and recorded, and what it was.
     *
     * @param request what the application was asked to do; null: not to be compared
     */
    static ProofReport decision(Trust trust, Path file, @Nullable Path request, @Nullable String origin)
            throws IOException, WrongUsage {
        var audit = new ProofAudit(trust);
        byte @Nullable [] asked = request == null ? null : InputFile.read(request, MAX_REQUEST_BYTES);
        try {
            DecisionFile read = DecisionFile.read(InputFile.read(file, DecisionFile.MAX_BYTES));
            audit.inclusion(read.proof(), null, origin);
            audit.decided(read, asked);
        } catch (Malformed e) {
            audit.findings.add(PROOF, Rule.PROOF, e.reason());
        }
        return audit.report();
    }

    /** What was done about a subject's request, and that the log has it. */
    static ProofReport completion(Trust trust, Path file, @Nullable String origin) throws IOException, WrongUsage {
        var audit = new ProofAudit(trust);
        try {
            CompletionProof read = CompletionProof.read(trust, InputFile.read(file, CompletionProof.MAX_BYTES));
            read.describe(audit.facts);
            audit.inclusion(read.proof(), read.proof().entry(), origin);
            audit.has(read.proof(), CompletionProof.EVENT, read.body(), "completed");
            read.check(audit.findings);
        } catch (Malformed e) {
            audit.findings.add(PROOF, Rule.PROOF, e.reason());
        }
        return audit.report();
    }

    /** What the log says of a subject's erasure, and that it does. */
    static ProofReport erasure(Trust trust, Path file, @Nullable String origin) throws IOException {
        var audit = new ProofAudit(trust);
        try {
            ErasureCertificate read =
                    ErasureCertificate.read(trust, InputFile.read(file, ErasureCertificate.MAX_BYTES));
            read.describe(audit.facts);
            if (read.isOfRecords()) {
                audit.erased(read, origin);
            } else {
                audit.facts.put("records", "not proven to be in the log: a certificate of this type can't be");
            }
        } catch (Malformed e) {
            audit.findings.add(CERTIFICATE, Rule.CERTIFICATE, e.reason());
        }
        return audit.report();
    }

    private void erased(ErasureCertificate certificate, @Nullable String origin) throws Malformed {
        List<ErasureCertificate.Named> records = certificate.records();
        Checkpoint head = records.getFirst().proof().checkpoint();
        describe(head);
        facts.put("records", records.size() + ", each proven to be in the log unless a finding says otherwise");
        ofLog(head, origin);
        ofLog(head, certificate.origin());
        List<ErasureEvent> events = new ArrayList<>();
        for (ErasureCertificate.Named record : records) {
            ProofFile proof = record.proof();
            String name = "record " + proof.number();
            if (!isSame(head, proof.checkpoint())) {
                findings.add(name, Rule.PROOF, "leads to another checkpoint than the first record's proof");
            }
            signed(PROOF, proof.checkpoint());
            events.addAll(events(
                    name,
                    included(name, proof, proof.entry()),
                    proof,
                    "retention/subject/" + certificate.subject(),
                    record.events()));
        }
        certificate.check(events, findings);
    }

    /** The events of a stream that an entry has, where these are their bodies. */
    private List<ErasureEvent> events(String name, Entry entry, ProofFile proof, String stream, List<byte[]> bodies)
            throws Malformed {
        List<EventRef> refs = entry.statement() != null && entry.statement().kind() instanceof Outcome outcome
                ? outcome.events().stream()
                        .filter(event -> event.stream().equals(stream))
                        .toList()
                : List.of();
        if (refs.isEmpty() || refs.size() != bodies.size()) {
            findings.add(name, Rule.EVENT, "has not these events of " + Text.printable(stream));
            return List.of();
        }
        List<ErasureEvent> events = new ArrayList<>();
        for (int i = 0; i < refs.size(); i++) {
            if (isBody(proof.checkpoint(), refs.get(i), bodies.get(i))) {
                events.add(ErasureEvent.read(proof.number(), refs.get(i).type(), bodies.get(i)));
            } else {
                findings.add(name, Rule.EVENT, "event " + (i + 1) + " is not the one that was signed");
            }
        }
        return events;
    }

    private void decided(DecisionFile file, byte @Nullable [] asked) throws Malformed {
        if (!has(file.proof(), DecisionBody.TYPE, file.body(), DECISION)) {
            return;
        }
        DecisionBody decision = DecisionBody.read(file.body());
        decision.describe(facts);
        if (asked != null && !decision.isFor(asked)) {
            findings.add(DECISION, Rule.EVENT, "was made for another request");
        }
    }

    /** Whether the entry that a proof brings has one event of a type, and this is its body. */
    private boolean has(ProofFile proof, String type, byte[] body, String name) throws Malformed {
        byte[] entryBytes = proof.extra();
        Checkpoint head = proof.checkpoint();
        Statement statement = entryBytes == null
                ? null
                : Entry.read(entryBytes, 0, entryBytes.length, proof.number(), head, trust, new VerifiedSignatures())
                        .statement();
        List<EventRef> events = statement != null && statement.kind() instanceof Outcome outcome
                ? outcome.events().stream()
                        .filter(event -> event.type().equals(type))
                        .toList()
                : List.of();
        if (events.size() != 1) {
            findings.add(ENTRY, Rule.EVENT, "has no " + type);
            return false;
        }
        if (!isBody(head, events.getFirst(), body)) {
            findings.add(name, Rule.EVENT, "is not the one that was signed");
            return false;
        }
        return true;
    }

    private static boolean isBody(Checkpoint head, EventRef event, byte[] body) {
        String logId = head.origin().substring(head.origin().indexOf('/') + 1);
        return Arrays.equals(new Hashing().event(logId, event, body), event.hash());
    }

    private void inclusion(ProofFile proof, byte @Nullable [] named, @Nullable String origin) throws WrongUsage {
        byte[] bytes = named == null ? proof.extra() : named;
        if (bytes == null) {
            throw new WrongUsage("the proof has no entry with it: name the entry's file with --entry");
        }
        Checkpoint head = proof.checkpoint();
        describe(head);
        signed(PROOF, head);
        ofLog(head, origin);
        if (proof.extra() != null && !Arrays.equals(proof.extra(), bytes)) {
            findings.add(ENTRY, Rule.ENTRY, "is not the entry that the proof brings with it");
        }
        facts.put("position", String.valueOf(proof.number()));
        describe(included(ENTRY, proof, bytes));
    }

    private void ofLog(Checkpoint head, @Nullable String origin) {
        if (origin != null && !head.origin().equals(origin)) {
            findings.add(PROOF, Rule.ANOTHER_LOG, "is of another log than " + Text.printable(origin));
        }
    }

    /** The entry, of which all that does not hold is found: that it is the proof's, too. */
    private Entry included(String name, ProofFile proof, byte[] bytes) {
        Entry entry =
                Entry.read(bytes, 0, bytes.length, proof.number(), proof.checkpoint(), trust, new VerifiedSignatures());
        for (Problem problem : entry.problems()) {
            findings.add(name, problem.rule(), problem.message());
        }
        path(proof, entry.leafHash());
        return entry;
    }

    private void path(ProofFile proof, byte[] leaf) {
        Checkpoint head = proof.checkpoint();
        if (proof.number() >= head.size()) {
            findings.add(PROOF, Rule.PROOF, "a tree of " + head.size() + " has no position " + proof.number());
            return;
        }
        int asked = AuditPath.hashes(proof.number(), head.size());
        if (proof.hashes().size() != asked) {
            findings.add(
                    PROOF,
                    Rule.PROOF,
                    "has " + proof.hashes().size() + " hashes; position " + proof.number() + " of " + head.size()
                            + " asks for " + asked);
            return;
        }
        byte[] path = new byte[asked * Hashing.LENGTH];
        for (int i = 0; i < asked; i++) {
            System.arraycopy(proof.hashes().get(i), 0, path, i * Hashing.LENGTH, Hashing.LENGTH);
        }
        if (!Arrays.equals(AuditPath.root(leaf, proof.number(), head.size(), path, 0), head.root())) {
            findings.add(PROOF, Rule.PROOF, "does not lead from the entry to the checkpoint's root");
        }
    }

    /**
     * That one checkpoint's log is what an earlier one's has grown to.
     *
     * @param to null: the checkpoint that the proof ends with
     */
    static ProofReport consistency(Trust trust, Path from, @Nullable Path to, Path proof) throws IOException {
        var audit = new ProofAudit(trust);
        Checkpoint older = audit.checkpoint(FROM, from);
        Checkpoint newer = to == null ? null : audit.checkpoint(TO, to);
        try {
            ProofFile read = ProofFile.consistency(proof);
            audit.describe(read.checkpoint());
            audit.signed(PROOF, read.checkpoint());
            if (newer != null && !isSame(newer, read.checkpoint())) {
                audit.findings.add(PROOF, Rule.PROOF, "leads to another checkpoint than the one that was named");
            }
            if (older != null) {
                audit.consistency(older, read);
            }
        } catch (Malformed e) {
            audit.findings.add(PROOF, Rule.PROOF, e.reason());
        }
        return audit.report();
    }

    private static boolean isSame(Checkpoint one, Checkpoint other) {
        return one.origin().equals(other.origin())
                && one.size() == other.size()
                && Arrays.equals(one.root(), other.root());
    }

    private void consistency(Checkpoint older, ProofFile proof) {
        Checkpoint newer = proof.checkpoint();
        if (!older.origin().equals(newer.origin())) {
            findings.add(PROOF, Rule.ANOTHER_LOG, "leads to " + newer.origin() + " from " + older.origin());
        } else if (older.size() > newer.size()) {
            findings.add(PROOF, Rule.SHORTER, "leads to " + newer.size() + " records from " + older.size());
        } else if (older.size() == newer.size() && !Arrays.equals(older.root(), newer.root())) {
            findings.add(PROOF, Rule.FORK, "one log, one size, two roots: whoever signed both has two pasts");
        } else if (proof.number() != older.size()) {
            findings.add(PROOF, Rule.PROOF, "is for a tree of " + proof.number() + ", not of " + older.size());
        } else if (older.size() == 0) {
            findings.add(PROOF, Rule.PROOF, "nothing can be told from an empty log");
        } else if (!Consistency.holds(older.size(), older.root(), newer.size(), newer.root(), proof.hashes())) {
            findings.add(
                    PROOF,
                    Rule.PROOF,
                    "does not lead from the one root to the other; if the instance has no better one, its log forked");
        }
    }

    private @Nullable Checkpoint checkpoint(String name, Path file) throws IOException {
        try {
            Checkpoint read = Checkpoint.parse(InputFile.read(file, Checkpoint.MAX_BYTES));
            signed(name, read);
            return read;
        } catch (Malformed e) {
            findings.add(name, Rule.CHECKPOINT_FORM, e.reason());
            return null;
        }
    }

    private void signed(String name, Checkpoint checkpoint) {
        try {
            String by = "signed by " + checkpoint.signer(trust).label();
            if (name.equals(PROOF)) {
                facts.put("checkpoint", by);
            } else {
                facts.put(name, checkpoint.size() + " records, " + by);
            }
        } catch (Malformed e) {
            findings.add(name, Rule.CHECKPOINT_SIGNATURE, e.reason());
        }
    }

    private void describe(Checkpoint checkpoint) {
        facts.put("origin", checkpoint.origin());
        facts.put("size", String.valueOf(checkpoint.size()));
        facts.put("root", Base64.getEncoder().encodeToString(checkpoint.root()));
    }

    private void describe(Entry entry) {
        if (entry.signer() != null) {
            facts.put("entry", "signed by " + entry.signer().label());
        }
        Statement statement = entry.statement();
        if (statement == null) {
            return;
        }
        facts.put(
                "recorded",
                Instant.EPOCH
                        .plus(statement.recordedAtMicros(), ChronoUnit.MICROS)
                        .toString());
        facts.put("action", statement.action());
        facts.put("actor", statement.actorId());
        facts.put(
                "says",
                switch (statement.kind()) {
                    case Intent intent -> "intent";
                    case Outcome outcome -> outcome.result() + (outcome.code().isEmpty() ? "" : ": " + outcome.code());
                });
    }

    private ProofReport report() {
        return new ProofReport(facts, findings);
    }
}
