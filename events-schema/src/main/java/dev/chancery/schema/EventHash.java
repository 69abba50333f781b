package dev.chancery.schema;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** What ties an event's body to the statement that lists it; docs/reference/formats.md, "Events". */
public final class EventHash {
    private static final byte[] DOMAIN = "chancery/event/v1".getBytes(StandardCharsets.US_ASCII);

    private EventHash() {}

    public static byte[] of(String tenant, String stream, long version, String type, ByteString body) {
        MessageDigest digest = EntryFrame.sha256();
        put(digest, DOMAIN);
        put(digest, tenant.getBytes(StandardCharsets.UTF_8));
        put(digest, stream.getBytes(StandardCharsets.UTF_8));
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(version).flip());
        put(digest, type.getBytes(StandardCharsets.UTF_8));
        put(digest, body.toByteArray());
        return digest.digest();
    }

    private static void put(MessageDigest digest, byte[] value) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(value.length).flip());
        digest.update(value);
    }
}
