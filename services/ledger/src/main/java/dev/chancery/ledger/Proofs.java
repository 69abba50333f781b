package dev.chancery.ledger;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Inclusion and consistency proofs (RFC 6962, sections 2.1.1 and 2.1.2) of a tree of a given size, computed from its tiles alone.
 * Each hash of a proof takes at most two tiles a level.
 *
 * <p><b>Thread safety:</b> none.
 */
final class Proofs<E extends Exception> {
    /** Reads a tile: its first {@code width} hashes, end to end. It is the caller's to answer from a cache. */
    @FunctionalInterface
    interface Tiles<E extends Exception> {
        byte[] read(int level, long index, int width) throws E;
    }

    private final TreeHash hash = new TreeHash();
    private final long size;
    private final Tiles<E> tiles;

    /** @param size of the tree; tiles are asked for with the widths that they have in it */
    Proofs(long size, Tiles<E> tiles) {
        this.size = size;
        this.tiles = tiles;
    }

    byte[] root() throws E {
        return size == 0 ? hash.empty() : subtree(0, size);
    }

    /** The audit path of a leaf, from the leaf up. */
    List<byte[]> inclusion(long index) throws E {
        if (index < 0 || index >= size) {
            throw new IllegalArgumentException("the tree has no such leaf");
        }
        var path = new ArrayList<byte[]>();
        path(index, 0, size, path);
        return List.copyOf(path);
    }

    private void path(long index, long begin, long end, List<byte[]> path) throws E {
        if (end - begin == 1) {
            return;
        }
        long middle = split(begin, end);
        if (index < middle) {
            path(index, begin, middle, path);
            path.add(subtree(middle, end));
        } else {
            path(index, middle, end, path);
            path.add(subtree(begin, middle));
        }
    }

    /** That the tree of the first {@code older} leaves is what this tree began as. Empty when they are the same. */
    List<byte[]> consistency(long older) throws E {
        if (older < 1 || older > size) {
            throw new IllegalArgumentException("the older tree has at least one leaf, and no more than the tree");
        }
        var proof = new ArrayList<byte[]>();
        subproof(older, 0, size, true, proof);
        return List.copyOf(proof);
    }

    private void subproof(long older, long begin, long end, boolean known, List<byte[]> proof) throws E {
        if (older == end) {
            if (!known) {
                proof.add(subtree(begin, end));
            }
            return;
        }
        long middle = split(begin, end);
        if (older <= middle) {
            subproof(older, begin, middle, known, proof);
            proof.add(subtree(middle, end));
        } else {
            subproof(older, middle, end, false, proof);
            proof.add(subtree(begin, middle));
        }
    }

    /** The Merkle tree hash of the leaves from {@code begin} to before {@code end}, a node of the tree. */
    private byte[] subtree(long begin, long end) throws E {
        long leaves = end - begin;
        if (Long.bitCount(leaves) == 1) {
            return perfect(begin, Long.numberOfTrailingZeros(leaves));
        }
        long middle = split(begin, end);
        return hash.node(subtree(begin, middle), subtree(middle, end));
    }

    /** A perfect subtree's hash is a run of hashes in one tile, folded. */
    private byte[] perfect(long begin, int binaryLevel) throws E {
        int level = binaryLevel / Tile.HEIGHT;
        int count = 1 << (binaryLevel % Tile.HEIGHT);
        long first = Tile.hashesAt(level, begin);
        long index = first / Tile.WIDTH;
        int width = (int) Math.min(Tile.WIDTH, Tile.hashesAt(level, size) - index * Tile.WIDTH);
        byte[] tile = tiles.read(level, index, width);
        byte[] row = new byte[count * TreeHash.BYTES];
        System.arraycopy(tile, (int) (first % Tile.WIDTH) * TreeHash.BYTES, row, 0, row.length);
        hash.fold(row, count);
        return count == 1 ? row : Arrays.copyOf(row, TreeHash.BYTES);
    }

    /** Where RFC 6962 splits: after the largest power of two of leaves that is smaller than their number. */
    private static long split(long begin, long end) {
        return begin + Long.highestOneBit(end - begin - 1);
    }
}
