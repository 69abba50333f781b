package dev.chancery.schema;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Where the parts of a log entry lie, and what its signature is over. The format is specified in docs/reference/formats.md, "Entry".
 *
 * <pre>
 *   EntryFrame frame = EntryFrame.of(entry);
 *   Statement statement = Statement.parseFrom(...entry, 1, frame.statementBytes());
 *   verify(publicKey, frame.signed(entry), frame.signature(entry));
 * </pre>
 *
 * <p>Entries that were signed together share {@link #signed} and {@link #signature}, so a reader that remembers the last pair it
 * verified checks the whole group with one signature check and a few hashes an entry.
 *
 * @param statementBytes length of the statement, which begins at index 1
 * @param index the entry's place in its group
 * @param groupSize entries that were signed together; 1 for an entry of scheme 1
 */
public record EntryFrame(int statementBytes, int index, int groupSize) {
    /** An entry's size at most; C2SP entry bundles allow 65,535. */
    public static final int MAX_BYTES = 32 * 1024;

    /** Entries under one signature at most. */
    public static final int MAX_GROUP = 128;

    public static final byte SCHEME_SINGLE = 1;
    public static final byte SCHEME_GROUP = 2;
    public static final int SIGNATURE_BYTES = 64;
    public static final int HASH_BYTES = 32;

    /** The longest statement that fits whatever group it is signed in, so that its company doesn't decide whether it is taken. */
    public static final int MAX_STATEMENT_BYTES =
            MAX_BYTES - 1 - pathLength(0, MAX_GROUP) * HASH_BYTES - 2 - SIGNATURE_BYTES;

    private static final byte[] DOMAIN = "chancery/group/v1\n".getBytes(StandardCharsets.US_ASCII);

    /** @throws IllegalArgumentException when the bytes can't be an entry; says what is wrong: size, scheme or group */
    public static EntryFrame of(byte[] entry) {
        require(entry.length > 1 + SIGNATURE_BYTES && entry.length <= MAX_BYTES, "entry size");
        if (entry[0] == SCHEME_SINGLE) {
            return new EntryFrame(entry.length - 1 - SIGNATURE_BYTES, 0, 1);
        }
        require(entry[0] == SCHEME_GROUP, "entry scheme");
        int end = entry.length - SIGNATURE_BYTES;
        int groupSize = entry[end - 1] & 0xff;
        int index = entry[end - 2] & 0xff;
        require(groupSize >= 2 && groupSize <= MAX_GROUP && index < groupSize, "entry group");
        int statementBytes = end - 2 - pathLength(index, groupSize) * HASH_BYTES - 1;
        require(statementBytes > 0, "entry size");
        return new EntryFrame(statementBytes, index, groupSize);
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalArgumentException(what);
        }
    }

    /** An entry's length, given its statement's. */
    public static int bytes(int statementBytes, int index, int groupSize) {
        int group = groupSize == 1 ? 0 : pathLength(index, groupSize) * HASH_BYTES + 2;
        return 1 + statementBytes + group + SIGNATURE_BYTES;
    }

    /** Hashes on the way from the leaf at {@code index} to the root of an RFC 6962 tree of {@code size} leaves. */
    public static int pathLength(int index, int size) {
        if (size == 1) {
            return 0;
        }
        int left = Integer.highestOneBit(size - 1);
        return 1 + (index < left ? pathLength(index, left) : pathLength(index - left, size - left));
    }

    /** What the signature of this entry is over. */
    public byte[] signed(byte[] entry) {
        if (groupSize == 1) {
            return Arrays.copyOf(entry, 1 + statementBytes);
        }
        MessageDigest sha256 = sha256();
        byte[] leaf = leaf(sha256, entry, statementBytes);
        return groupMessage(root(sha256, leaf, entry, index, groupSize, pathLength(index, groupSize)), groupSize);
    }

    public byte[] signature(byte[] entry) {
        return Arrays.copyOfRange(entry, entry.length - SIGNATURE_BYTES, entry.length);
    }

    /** What the signature of a group is over. Begins with a letter, so that it is never an entry of scheme 1. */
    public static byte[] groupMessage(byte[] root, int groupSize) {
        byte[] message = Arrays.copyOf(DOMAIN, DOMAIN.length + 1 + HASH_BYTES);
        message[DOMAIN.length] = (byte) groupSize;
        System.arraycopy(root, 0, message, DOMAIN.length + 1, HASH_BYTES);
        return message;
    }

    /** The leaf of a group's tree: scheme byte and statement, as they stand at the start of {@code entry}. */
    public static byte[] leaf(MessageDigest sha256, byte[] entry, int statementBytes) {
        sha256.update((byte) 0);
        sha256.update(entry, 0, 1 + statementBytes);
        return sha256.digest();
    }

    /** The parent of two nodes of a group's tree. */
    public static byte[] node(MessageDigest sha256, byte[] left, byte[] right) {
        sha256.update((byte) 1);
        sha256.update(left);
        sha256.update(right);
        return sha256.digest();
    }

    /** The root, from a leaf and the first {@code hashes} hashes of its path; those nearest to the leaf come first. */
    private byte[] root(MessageDigest sha256, byte[] leaf, byte[] entry, int index, int size, int hashes) {
        if (size == 1) {
            return leaf;
        }
        int at = 1 + statementBytes + (hashes - 1) * HASH_BYTES;
        byte[] sibling = Arrays.copyOfRange(entry, at, at + HASH_BYTES);
        int left = Integer.highestOneBit(size - 1);
        return index < left
                ? node(sha256, root(sha256, leaf, entry, index, left, hashes - 1), sibling)
                : node(sha256, sibling, root(sha256, leaf, entry, index - left, size - left, hashes - 1));
    }

    /** A SHA-256; for one thread. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
