package dev.chancery.auditor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One entry, and what can be said of it without looking at any other: all of this is done on the signature threads.
 *
 * @param statement null when it could not be read
 * @param signer null unless its signature was verified
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record Entry(
        long position,
        int length,
        byte[] leafHash,
        @Nullable Statement statement,
        @Nullable VerifierKey signer,
        List<Problem> problems) {

    static final int MAX_BYTES = 32_768;

    record Problem(Rule rule, String message) {}

    /**
     * Reads the {@code length} bytes at {@code from} as the entry at {@code position} of the checkpoint's log.
     *
     * @param verified signatures found good before
     */
    static Entry read(
            byte[] bundle,
            int from,
            int length,
            long position,
            Checkpoint checkpoint,
            Trust trust,
            VerifiedSignatures verified) {
        byte[] leafHash = new Hashing().leaf(bundle, from, length);
        List<Problem> problems = new ArrayList<>(0);
        Statement statement = null;
        VerifierKey signer = null;
        try {
            EntryLayout layout = layout(bundle, from, length);
            statement = statement(bundle, from + 1, layout.statementLength());
            signer = signer(statement, checkpoint, trust);
            if (!verified.isGood(signer, layout.signed(), layout.signature())) {
                String label = signer.label();
                signer = null;
                throw new Refused(Rule.SIGNATURE, "not the signature of " + label + " over this entry");
            }
        } catch (Refused e) {
            problems.add(e.problem);
        }
        if (statement != null) {
            EntryRules.check(statement, position, checkpoint, problems);
        }
        return new Entry(position, length, leafHash, statement, signer, problems);
    }

    private static EntryLayout layout(byte[] bundle, int from, int length) throws Refused {
        try {
            return EntryLayout.of(bundle, from, length);
        } catch (Malformed e) {
            throw new Refused(Rule.ENTRY, e.reason());
        }
    }

    private static Statement statement(byte[] bundle, int from, int length) throws Refused {
        try {
            return StatementReader.read(bundle, from, length);
        } catch (Malformed e) {
            throw new Refused(Rule.STATEMENT, e.reason());
        }
    }

    private static VerifierKey signer(Statement statement, Checkpoint checkpoint, Trust trust) throws Refused {
        String name = checkpoint.instanceId() + "/source/" + statement.feature();
        VerifierKey key = trust.key(name, statement.sourceKey());
        if (key == null) {
            throw new Refused(
                    Rule.SIGNATURE,
                    "the trust file has no key " + Text.printable(VerifierKey.label(name, statement.sourceKey())));
        }
        return key;
    }

    /** Leaves the reading of one entry; without a stack trace. */
    private static final class Refused extends Exception {
        private final transient Problem problem;

        Refused(Rule rule, String message) {
            super(message, null, false, false);
            problem = new Problem(rule, message);
        }
    }
}
