package dev.chancery.keyring;

import dev.chancery.schema.EntryFrame;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Checks the signatures of log entries. Entries that were signed together share one signature: the first costs a signature check,
 * each further one some hashes.
 *
 * <pre>
 *   var verifier = new EntryVerifier();
 *   for (byte[] entry : entries) {
 *       boolean genuine = verifier.verify(entry, keyThatTheStatementNames);
 *   }
 * </pre>
 *
 * <p>Says nothing about what the statement says, nor whether {@code key} is the key that may sign it.
 *
 * <p><b>Thread safety:</b> for one thread. <b>Limits:</b> remembers {@value #MAX_REMEMBERED} groups.
 */
public final class EntryVerifier {
    /** Groups whose signature was good, remembered so that it is checked once; the one used longest ago goes first. */
    static final int MAX_REMEMBERED = 256;

    private final Map<Group, Boolean> genuine = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Group, Boolean> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    private long signatureChecks;

    /** What a signature check depends on. */
    @SuppressWarnings("ArrayRecordComponent") // compared by content
    private record Group(VerifierKey key, byte[] signed, byte[] signature) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Group that
                    && key.equals(that.key)
                    && Arrays.equals(signed, that.signed)
                    && Arrays.equals(signature, that.signature);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(signature);
        }
    }

    /** Whether {@code key} signed the entry; false as well for bytes that are no entry. */
    public boolean verify(byte[] entry, VerifierKey key) {
        EntryFrame frame;
        try {
            frame = EntryFrame.of(entry);
        } catch (IllegalArgumentException e) {
            return false;
        }
        var group = new Group(key, frame.signed(entry), frame.signature(entry));
        if (frame.groupSize() == 1) {
            return check(group);
        }
        if (genuine.get(group) != null) {
            return true;
        }
        boolean good = check(group);
        if (good) {
            genuine.put(group, true);
        }
        return good;
    }

    private boolean check(Group group) {
        signatureChecks++;
        return Ed25519Verifier.verify(group.key().publicKey(), group.signed(), group.signature());
    }

    /** Signature checks done so far. */
    public long signatureChecks() {
        return signatureChecks;
    }
}
