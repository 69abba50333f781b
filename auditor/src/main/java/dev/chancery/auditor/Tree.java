package dev.chancery.auditor;

/** An RFC 6962 tree that grows by leaves and keeps one hash for each height. */
final class Tree {
    /** Takes each complete node whose height is a multiple of 8: what hash tiles are made of. */
    interface TileNodes {
        void add(int tileLevel, byte[] hash);
    }

    private final Hashing hashing = new Hashing();
    private final TileNodes tileNodes;
    /** At each height where {@link #size} has a bit, the complete subtree that still waits for its sibling. */
    private final byte[][] waiting = new byte[Long.SIZE][];

    private long size;

    Tree(TileNodes tileNodes) {
        this.tileNodes = tileNodes;
    }

    void add(byte[] leafHash) {
        byte[] hash = leafHash;
        int height = 0;
        tileNodes.add(0, hash);
        while ((size >>> height & 1) == 1) {
            hash = hashing.node(waiting[height], hash);
            height++;
            if (height % Layout.LEVEL_BITS == 0) {
                tileNodes.add(height / Layout.LEVEL_BITS, hash);
            }
        }
        waiting[height] = hash;
        size++;
    }

    long size() {
        return size;
    }

    byte[] root() {
        byte[] root = null;
        for (int height = 0; height < Long.SIZE; height++) {
            if ((size >>> height & 1) == 1) {
                root = root == null ? waiting[height] : hashing.node(waiting[height], root);
            }
        }
        return root == null ? hashing.plain(new byte[0]) : root;
    }
}
