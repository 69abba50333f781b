package dev.chancery.command;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.UUID;

/** UUIDv7 (RFC 9562): a millisecond timestamp, then 74 random bits. */
public final class Ids {
    private static final ThreadLocal<SecureRandom> RANDOM = ThreadLocal.withInitial(SecureRandom::new);

    private Ids() {}

    public static UUID uuidV7() {
        byte[] random = new byte[10];
        RANDOM.get().nextBytes(random);
        ByteBuffer bits = ByteBuffer.wrap(random);
        long high = (System.currentTimeMillis() << 16) | 0x7000L | (bits.getShort() & 0x0FFFL);
        long low = (bits.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    /** The 16 bytes of an id, as statements carry them. */
    public static byte[] bytes(UUID id) {
        return ByteBuffer.allocate(16)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
    }
}
