package dev.chancery.ledger;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The hashes of RFC 6962, section 2.1, over SHA-256: {@code SHA-256(0x00 ‖ entry)} for a leaf, {@code SHA-256(0x01 ‖ left ‖ right)}
 * for a node. Rows of hashes lie end to end in one array, as they do in a tile, so that a tree is folded without allocating.
 *
 * <p><b>Thread safety:</b> none; an instance is one digest.
 */
final class TreeHash {
    /** Bytes in a hash. */
    static final int BYTES = 32;

    private static final byte LEAF = 0;
    private static final byte NODE = 1;

    private final MessageDigest sha256 = sha256();

    /** Writes the hash of a leaf to {@code row[at]}, where {@code at} counts hashes. */
    void leaf(byte[] entry, byte[] row, int at) {
        sha256.update(LEAF);
        sha256.update(entry);
        digestInto(row, at * BYTES);
    }

    byte[] leaf(byte[] entry) {
        byte[] hash = new byte[BYTES];
        leaf(entry, hash, 0);
        return hash;
    }

    byte[] node(byte[] left, byte[] right) {
        sha256.update(NODE);
        sha256.update(left);
        sha256.update(right);
        return sha256.digest();
    }

    /** The root of the tree of no leaves. */
    byte[] empty() {
        return sha256.digest();
    }

    /**
     * Folds a row of {@code count >= 1} hashes to their root, in place: the root is left in the first 32 bytes. All but the last
     * hash stand for equal perfect subtrees; the last one may stand for a smaller tree, since a lone node is carried up.
     */
    void fold(byte[] row, int count) {
        for (int width = count; width > 1; width = (width + 1) / 2) {
            for (int pair = 0; pair < width / 2; pair++) {
                sha256.update(NODE);
                sha256.update(row, 2 * pair * BYTES, 2 * BYTES);
                digestInto(row, pair * BYTES);
            }
            if (width % 2 == 1) {
                System.arraycopy(row, (width - 1) * BYTES, row, width / 2 * BYTES, BYTES);
            }
        }
    }

    private void digestInto(byte[] target, int offset) {
        try {
            sha256.digest(target, offset, BYTES);
        } catch (DigestException e) {
            throw new IllegalStateException("a SHA-256 hash did not fit into 32 bytes", e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
