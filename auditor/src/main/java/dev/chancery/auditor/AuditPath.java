package dev.chancery.auditor;

import java.util.Arrays;

/** RFC 6962, section 2.1.1: what leads from a leaf to the root of its tree. Each index and size asks for its own number of hashes. */
final class AuditPath {
    private AuditPath() {}

    /** Hashes on the way from leaf {@code index}, below {@code size}, to the root. */
    static int hashes(long index, long size) {
        int hashes = 0;
        for (long node = index, last = size - 1; last > 0; node >>= 1, last >>= 1) {
            hashes += hasSibling(node, last) ? 1 : 0;
        }
        return hashes;
    }

    /** The last node of a level stands alone where it is a left one; it is then its own parent. */
    private static boolean hasSibling(long node, long last) {
        return (node & 1) == 1 || node != last;
    }

    /**
     * The root that a leaf hash comes to.
     *
     * @param path the hashes end to end, the leaf's sibling first, from {@code from}: as many as {@link #hashes} says
     */
    static byte[] root(byte[] leaf, long index, long size, byte[] path, int from) {
        Hashing hashing = new Hashing();
        byte[] hash = leaf;
        int at = from;
        for (long node = index, last = size - 1; last > 0; node >>= 1, last >>= 1) {
            if (hasSibling(node, last)) {
                byte[] sibling = Arrays.copyOfRange(path, at, at + Hashing.LENGTH);
                hash = (node & 1) == 1 ? hashing.node(sibling, hash) : hashing.node(hash, sibling);
                at += Hashing.LENGTH;
            }
        }
        return hash;
    }
}
