package dev.chancery.auditor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 as RFC 6962 and {@code formats.md} use it. Not for two threads at once. */
final class Hashing {
    static final int LENGTH = 32;
    private static final byte LEAF = 0;
    private static final byte NODE = 1;

    private final MessageDigest sha256 = sha256();

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    byte[] leaf(byte[] bytes, int from, int length) {
        sha256.update(LEAF);
        sha256.update(bytes, from, length);
        return sha256.digest();
    }

    byte[] node(byte[] left, byte[] right) {
        sha256.update(NODE);
        sha256.update(left);
        sha256.update(right);
        return sha256.digest();
    }

    byte[] plain(byte[] bytes) {
        return sha256.digest(bytes);
    }

    /** Over each part after its length as four bytes, so that no two lists of parts look alike. */
    byte[] ofParts(String... parts) {
        for (String part : parts) {
            addPart(part.getBytes(StandardCharsets.UTF_8));
        }
        return sha256.digest();
    }

    byte[] event(String logId, EventRef ref, byte[] body) {
        addPart("chancery/event/v1".getBytes(StandardCharsets.US_ASCII));
        addPart(logId.getBytes(StandardCharsets.UTF_8));
        addPart(ref.stream().getBytes(StandardCharsets.UTF_8));
        sha256.update(ByteBuffer.allocate(Long.BYTES).putLong(0, ref.version()));
        addPart(ref.type().getBytes(StandardCharsets.UTF_8));
        addPart(body);
        return sha256.digest();
    }

    private void addPart(byte[] part) {
        sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, part.length));
        sha256.update(part);
    }
}
