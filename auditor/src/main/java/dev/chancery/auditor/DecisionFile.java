package dev.chancery.auditor;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A decision with its proof: two lines of our own, then a C2SP tlog-proof. Being read says nothing about what it proves.
 *
 * @param body of the record's one event
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record DecisionFile(byte[] body, ProofFile proof) {
    static final int MAX_BYTES = ProofFile.MAX_BYTES + (1 << 12);

    private static final byte[] FIRST = "chancery/decision-proof@v1\nbody ".getBytes(StandardCharsets.US_ASCII);

    static DecisionFile read(byte[] bytes) throws Malformed {
        if (bytes.length > MAX_BYTES) {
            throw new Malformed("longer than " + MAX_BYTES + " bytes");
        }
        if (bytes.length < FIRST.length || !Arrays.equals(bytes, 0, FIRST.length, FIRST, 0, FIRST.length)) {
            throw new Malformed("does not begin as a decision's proof does");
        }
        int end = FIRST.length;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        String body = new String(bytes, FIRST.length, end - FIRST.length, StandardCharsets.ISO_8859_1);
        return new DecisionFile(
                Base64Text.decode("the decision", body),
                ProofFile.read(Arrays.copyOfRange(bytes, Math.min(end + 1, bytes.length), bytes.length), true));
    }
}
