package dev.chancery.ledger;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A record's bodies as the export has them: their number as two bytes, then each after its length as four (formats.md). */
final class BodiesFrame {
    private static final int MAX_BODIES = 0xFFFF;

    private BodiesFrame() {}

    static byte[] of(List<ByteString> bodies) {
        if (bodies.size() > MAX_BODIES) {
            throw new IllegalArgumentException("a record has at most 65,535 bodies");
        }
        int bytes = Short.BYTES;
        for (ByteString body : bodies) {
            bytes = Math.addExact(bytes, Integer.BYTES + body.size());
        }
        ByteBuffer frame = ByteBuffer.allocate(bytes).putShort((short) bodies.size());
        for (ByteString body : bodies) {
            frame.putInt(body.size());
            body.copyTo(frame);
        }
        return frame.array();
    }

    static List<byte[]> read(byte[] frame) {
        ByteBuffer rest = ByteBuffer.wrap(frame);
        List<byte[]> bodies = new ArrayList<>();
        for (int left = Short.toUnsignedInt(rest.getShort()); left > 0; left--) {
            byte[] body = new byte[rest.getInt()];
            rest.get(body);
            bodies.add(body);
        }
        return bodies;
    }
}
