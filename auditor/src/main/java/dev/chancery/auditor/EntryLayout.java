package dev.chancery.auditor;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The parts of an entry, as {@code formats.md} lays them out for the two schemes.
 *
 * @param statementLength of the statement, which follows the scheme byte
 * @param signed what the signature is over
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record EntryLayout(int statementLength, byte[] signed, byte[] signature) {
    private static final byte SINGLE = 1;
    private static final byte GROUP = 2;
    private static final int MAX_GROUP = 128;
    private static final byte[] DOMAIN = "chancery/group/v1\n".getBytes(StandardCharsets.US_ASCII);

    static EntryLayout of(byte[] bundle, int from, int length) throws Malformed {
        if (length > Entry.MAX_BYTES) {
            throw new Malformed(length + " bytes, at most " + Entry.MAX_BYTES);
        }
        if (length <= 1 + VerifierKey.SIGNATURE_LENGTH) {
            throw tooShort(length);
        }
        int end = from + length - VerifierKey.SIGNATURE_LENGTH;
        byte[] signature = Arrays.copyOfRange(bundle, end, from + length);
        return switch (bundle[from]) {
            case SINGLE -> new EntryLayout(end - from - 1, Arrays.copyOfRange(bundle, from, end), signature);
            case GROUP -> ofGroup(bundle, from, end, signature);
            default -> throw new Malformed("unknown scheme " + (bundle[from] & 0xff));
        };
    }

    private static Malformed tooShort(int length) {
        return new Malformed(length + " bytes are too few for scheme, statement and signature");
    }

    private static EntryLayout ofGroup(byte[] bundle, int from, int end, byte[] signature) throws Malformed {
        int index = bundle[end - 2] & 0xff;
        int size = bundle[end - 1] & 0xff;
        if (size < 2 || size > MAX_GROUP || index >= size) {
            throw new Malformed("place " + index + " in a group of " + size);
        }
        int path = end - 2 - AuditPath.hashes(index, size) * Hashing.LENGTH;
        if (path <= from + 1) {
            throw tooShort(end - from + signature.length);
        }
        byte[] root = AuditPath.root(new Hashing().leaf(bundle, from, path - from), index, size, bundle, path);
        byte[] signed = Arrays.copyOf(DOMAIN, DOMAIN.length + 1 + Hashing.LENGTH);
        signed[DOMAIN.length] = (byte) size;
        System.arraycopy(root, 0, signed, DOMAIN.length + 1, Hashing.LENGTH);
        return new EntryLayout(path - from - 1, signed, signature);
    }
}
