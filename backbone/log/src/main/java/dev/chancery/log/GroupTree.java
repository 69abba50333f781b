package dev.chancery.log;

import dev.chancery.schema.EntryFrame;
import java.security.MessageDigest;
import java.util.List;

/** The RFC 6962 tree over a group's statements: its root is what is signed, and each entry carries its own path to it. */
final class GroupTree {
    private final List<Entry> entries;
    private final MessageDigest sha256 = EntryFrame.sha256();
    /** Where the next hash of an entry's path goes. */
    private final int[] at;

    private GroupTree(List<Entry> entries) {
        this.entries = entries;
        this.at = entries.stream()
                .mapToInt(entry -> 1 + entry.frame().statementBytes())
                .toArray();
    }

    /** Writes each entry's path, place and group size behind its statement; answers the root. */
    static byte[] addPaths(List<Entry> entries) {
        var tree = new GroupTree(entries);
        byte[] root = tree.root(0, entries.size());
        for (int i = 0; i < entries.size(); i++) {
            byte[] bytes = entries.get(i).raw();
            bytes[tree.at[i]] = (byte) i;
            bytes[tree.at[i] + 1] = (byte) entries.size();
        }
        return root;
    }

    private byte[] root(int from, int to) {
        if (to - from == 1) {
            Entry entry = entries.get(from);
            return EntryFrame.leaf(sha256, entry.raw(), entry.frame().statementBytes());
        }
        int middle = from + Integer.highestOneBit(to - from - 1);
        byte[] left = root(from, middle);
        byte[] right = root(middle, to);
        addToPaths(from, middle, right);
        addToPaths(middle, to, left);
        return EntryFrame.node(sha256, left, right);
    }

    private void addToPaths(int from, int to, byte[] hash) {
        for (int i = from; i < to; i++) {
            System.arraycopy(hash, 0, entries.get(i).raw(), at[i], hash.length);
            at[i] += hash.length;
        }
    }
}
