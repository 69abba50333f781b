package dev.chancery.auditor;

import java.util.List;

/** RFC 6962 section 2.1, as it is written there: recursively. */
final class Merkle {
    private Merkle() {}

    static byte[] leaf(byte[] entry) {
        return SigningKey.sha256(new byte[] {0}, entry);
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
