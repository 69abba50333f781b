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
    private static final byte SCHEME = 1;

    record Problem(Rule rule, String message) {}

    /** Reads the {@code length} bytes at {@code from} as the entry at {@code position} of the checkpoint's log. */
    static Entry read(byte[] bundle, int from, int length, long position, Checkpoint checkpoint, Trust trust) {
        byte[] leafHash = new Hashing().leaf(bundle, from, length);
        List<Problem> problems = new ArrayList<>(0);
        Statement statement = null;
        VerifierKey signer = null;
        try {
            int signedLength = signedLength(bundle, from, length);
            statement = statement(bundle, from + 1, signedLength - 1);
            signer = signer(statement, checkpoint, trust);
            if (!signer.verifies(bundle, from + signedLength, bundle, from, signedLength)) {
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

    private static int signedLength(byte[] bundle, int from, int length) throws Refused {
        if (length > MAX_BYTES) {
            throw new Refused(Rule.ENTRY, length + " bytes, at most " + MAX_BYTES);
        }
        if (length <= 1 + VerifierKey.SIGNATURE_LENGTH) {
            throw new Refused(Rule.ENTRY, length + " bytes are too few for scheme, statement and signature");
        }
        if (bundle[from] != SCHEME) {
            throw new Refused(Rule.ENTRY, "unknown scheme " + (bundle[from] & 0xff));
        }
        return length - VerifierKey.SIGNATURE_LENGTH;
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
