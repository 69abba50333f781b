package dev.chancery.ledger;

/**
 * A full tile: 256 consecutive hashes of one level, and the hash that stands for them one level up. Level 0 holds leaf hashes,
 * level {@code n} the roots of the full tiles of level {@code n - 1}.
 */
@SuppressWarnings("ArrayRecordComponent") // handed on as it is, never changed, never compared as a record
record Tile(int level, long index, byte[] hashes, byte[] root) {
    /** Hashes in a full tile, and entries in a full bundle. */
    static final int WIDTH = 256;

    /** Binary levels of the tree in one level of tiles. */
    static final int HEIGHT = 8;

    /** Levels that a tree of up to 2^63 - 1 leaves can have. */
    static final int LEVELS = 8;

    /** Bytes of a full tile. */
    static final int BYTES = WIDTH * TreeHash.BYTES;

    /** How many hashes the level has in a tree of {@code size} leaves: its full subtrees of 256^level leaves. */
    static long hashesAt(int level, long size) {
        return level < LEVELS ? size >>> (HEIGHT * level) : 0;
    }

    /** How many hashes the last, partial tile of the level has; 0 when the level ends with a full tile, or is not there. */
    static int edgeWidth(int level, long size) {
        return (int) (hashesAt(level, size) % WIDTH);
    }
}
