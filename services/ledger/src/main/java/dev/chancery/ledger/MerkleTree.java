package dev.chancery.ledger;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The right edge of an RFC 6962 tree: the partial tile of each level, which is all that growing the tree and knowing its root
 * needs. What lies to the left is in full tiles, which {@link #append} hands out when they fill up and which never change.
 *
 * <p>At most 8 KiB a level and one level for each factor of 256: 24 KiB up to 16 million entries.
 *
 * <p><b>Thread safety:</b> none.
 */
final class MerkleTree {
    /** Reads the partial tile of a level: {@code width} hashes end to end. Not called for levels that have none. */
    @FunctionalInterface
    interface Edge<E extends Exception> {
        byte[] read(int level, long index, int width) throws E;
    }

    private final TreeHash hash = new TreeHash();
    private final List<byte[]> edge = new ArrayList<>(Tile.LEVELS);
    private final byte[] row = new byte[(Tile.WIDTH + 1) * TreeHash.BYTES];
    private long size;

    /** The tree of no entries. */
    MerkleTree() {}

    /** A tree of which the edge was stored. */
    static <E extends Exception> MerkleTree restore(long size, Edge<E> stored) throws E {
        var tree = new MerkleTree();
        tree.size = size;
        for (int level = 0; Tile.hashesAt(level, size) > 0; level++) {
            int width = Tile.edgeWidth(level, size);
            byte[] hashes = tree.edgeOf(level);
            if (width > 0) {
                byte[] read = stored.read(level, Tile.hashesAt(level, size) / Tile.WIDTH, width);
                System.arraycopy(read, 0, hashes, 0, width * TreeHash.BYTES);
            }
        }
        return tree;
    }

    long size() {
        return size;
    }

    /** Adds an entry as the next leaf; tiles that it fills are added to {@code filled}, lower levels first. */
    void append(byte[] entry, List<Tile> filled) {
        int width = Tile.edgeWidth(0, size);
        byte[] hashes = edgeOf(0);
        hash.leaf(entry, hashes, width);
        size++;
        for (int level = 0; Tile.edgeWidth(level, size) == 0; level++) {
            Tile tile = fill(level);
            filled.add(tile);
            int above = Math.floorMod(Tile.hashesAt(level + 1, size) - 1, Tile.WIDTH);
            System.arraycopy(tile.root(), 0, edgeOf(level + 1), above * TreeHash.BYTES, TreeHash.BYTES);
        }
    }

    private Tile fill(int level) {
        byte[] hashes = edgeOf(level).clone();
        System.arraycopy(hashes, 0, row, 0, Tile.BYTES);
        hash.fold(row, Tile.WIDTH);
        return new Tile(level, Tile.hashesAt(level, size) / Tile.WIDTH - 1, hashes, Arrays.copyOf(row, TreeHash.BYTES));
    }

    /** The tree's root: each level's edge, and after it what the levels below came to, folded to one hash. */
    byte[] root() {
        byte @Nullable [] below = null;
        for (int level = 0; level < edge.size(); level++) {
            int width = Tile.edgeWidth(level, size);
            System.arraycopy(edgeOf(level), 0, row, 0, width * TreeHash.BYTES);
            if (below != null) {
                System.arraycopy(below, 0, row, width++ * TreeHash.BYTES, TreeHash.BYTES);
            }
            if (width > 0) {
                hash.fold(row, width);
                below = Arrays.copyOf(row, TreeHash.BYTES);
            }
        }
        return below == null ? hash.empty() : below;
    }

    private byte[] edgeOf(int level) {
        if (level == edge.size()) {
            edge.add(new byte[Tile.BYTES]);
        }
        return edge.get(level);
    }
}
