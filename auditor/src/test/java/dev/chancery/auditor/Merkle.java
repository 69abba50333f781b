package dev.chancery.auditor;

import java.util.List;

/** RFC 6962 section 2.1, as it is written there: recursively. */
final class Merkle {
    private Merkle() {}

    static byte[] leaf(byte[] entry) {
        return SigningKey.sha256(new byte[] {0}, entry);
    }

    /** RFC 6962 section 2.1.1: what leads from a leaf to the root. */
    static byte[] path(int index, List<byte[]> leaves) {
        if (leaves.size() == 1) {
            return new byte[0];
        }
        int split = Integer.highestOneBit(leaves.size() - 1);
        List<byte[]> left = leaves.subList(0, split);
        List<byte[]> right = leaves.subList(split, leaves.size());
        return index < split
                ? Draft.concat(path(index, left), root(right))
                : Draft.concat(path(index - split, right), root(left));
    }

    /** RFC 6962 section 2.1.2: SUBPROOF(older, leaves, known). */
    static byte[] subproof(int older, List<byte[]> leaves, boolean known) {
        if (older == leaves.size()) {
            return known ? new byte[0] : root(leaves);
        }
        int split = Integer.highestOneBit(leaves.size() - 1);
        List<byte[]> left = leaves.subList(0, split);
        List<byte[]> right = leaves.subList(split, leaves.size());
        return older <= split
                ? Draft.concat(subproof(older, left, known), root(right))
                : Draft.concat(subproof(older - split, right, false), root(left));
    }

    static byte[] root(List<byte[]> leaves) {
        if (leaves.isEmpty()) {
            return SigningKey.sha256();
        }
        if (leaves.size() == 1) {
            return leaves.getFirst();
        }
        int split = Integer.highestOneBit(leaves.size() - 1);
        return SigningKey.sha256(
                new byte[] {1}, root(leaves.subList(0, split)), root(leaves.subList(split, leaves.size())));
    }
}
