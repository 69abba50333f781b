package dev.chancery.keyring;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * What is kept of a hidden value: nobody can read it, and whoever has the key can tell whether it is a value that they know.
 *
 * <pre>
 *   nonce      24 random bytes
 *   commitment = HKDF-Expand(K, "chancery/commitment/v1" ‖ nonce ‖ context ‖ value, 32)
 *              = HMAC-SHA-256(K, "chancery/commitment/v1" ‖ nonce ‖ context ‖ value ‖ 0x01)
 *   committed  = nonce ‖ commitment
 * </pre>
 *
 * <p><b>Why a key.</b> There are 2^32 IPv4 addresses: a hash with a salt that stands beside it is undone by trying them all. Without K, trying
 * tells nothing. With it all can be tried, so that this hides nothing from whoever holds the keys and takes the trouble. K is the
 * subject's, and destroying it makes the commitment a random number.
 *
 * <p><b>Why a nonce.</b> Two records of one value have nothing in common, so that the log doesn't tell that somebody came from the same address
 * twice.
 *
 * <p><b>Why K itself.</b> {@link CommittingAead} uses it in the same function, with a label of its own before all else. A context can be read in
 * one way only, so that it can't end elsewhere and the value begin earlier.
 */
final class Commitment {
    private static final byte[] LABEL =
            Framing.labelled("chancery/commitment/v1").toBytes();
    private static final SecureRandom RANDOM = new SecureRandom();

    private Commitment() {}

    static byte[] to(SecretBytes key, byte[] context, byte[] value) {
        byte[] nonce = new byte[CommittingAead.NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return of(key, context, value, nonce);
    }

    static boolean isTo(SecretBytes key, byte[] context, byte[] value, byte[] committed) {
        byte[] nonce = Arrays.copyOf(committed, CommittingAead.NONCE_BYTES);
        return MessageDigest.isEqual(of(key, context, value, nonce), committed);
    }

    /** A sealed value has a ciphertext with at least a block and a tag. */
    static boolean is(byte[] parts) {
        return parts.length == CommittingAead.NONCE_BYTES + CommittingAead.COMMITMENT_BYTES;
    }

    private static byte[] of(SecretBytes key, byte[] context, byte[] value, byte[] nonce) {
        byte[] info = ByteBuffer.allocate(LABEL.length + nonce.length + context.length + value.length)
                .put(LABEL)
                .put(nonce)
                .put(context)
                .put(value)
                .array();
        try {
            byte[] commitment = Hkdf.expand(key, info, CommittingAead.COMMITMENT_BYTES);
            return ByteBuffer.allocate(nonce.length + commitment.length)
                    .put(nonce)
                    .put(commitment)
                    .array();
        } finally {
            Arrays.fill(info, (byte) 0);
        }
    }
}
