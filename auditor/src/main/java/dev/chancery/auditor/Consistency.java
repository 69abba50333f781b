package dev.chancery.auditor;

import java.util.Arrays;
import java.util.List;

/** RFC 6962, section 2.1.2: that a tree began as another, smaller one. The walk is that of RFC 9162, section 2.1.4.2. */
final class Consistency {
    private final Hashing hashing = new Hashing();
    private byte[] older;
    private byte[] newer;

    private Consistency(byte[] begin) {
        older = begin;
        newer = begin;
    }

    /**
     * Whether the proof leads from the one root to the other.
     *
     * @param oldSize 1 at least, and not above {@code newSize}
     */
    static boolean holds(long oldSize, byte[] oldRoot, long newSize, byte[] newRoot, List<byte[]> proof) {
        if (oldSize == newSize) {
            return proof.isEmpty() && Arrays.equals(oldRoot, newRoot);
        }
        // A tree of a power of two of leaves is a node of the newer tree as it is: its root is left out of the proof.
        boolean isNode = Long.bitCount(oldSize) == 1;
        if (!isNode && proof.isEmpty()) {
            return false;
        }
        var walk = new Consistency(isNode ? oldRoot : proof.getFirst());
        return walk.over(isNode ? proof : proof.subList(1, proof.size()), oldSize, newSize)
                && Arrays.equals(walk.older, oldRoot)
                && Arrays.equals(walk.newer, newRoot);
    }

    /** Climbs from the last leaf of the older tree; whether that took exactly these hashes. */
    private boolean over(List<byte[]> hashes, long oldSize, long newSize) {
        int complete = Long.numberOfTrailingZeros(oldSize);
        long node = (oldSize - 1) >>> complete;
        long last = (newSize - 1) >>> complete;
        for (byte[] hash : hashes) {
            if (last == 0) {
                return false;
            }
            if ((node & 1) == 1 || node == last) {
                older = hashing.node(hash, older);
                newer = hashing.node(hash, newer);
                int alone = node == 0 ? 0 : Long.numberOfTrailingZeros(node);
                node >>>= alone;
                last >>>= alone;
            } else {
                newer = hashing.node(newer, hash);
            }
            node >>>= 1;
            last >>>= 1;
        }
        return last == 0;
    }
}
