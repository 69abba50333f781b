package dev.chancery.keyring;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Joins fields into bytes that can be read in one way only, so that no two different contexts are ever the same bytes: each
 * begins with a label of its own, texts and byte strings follow their length, numbers have a fixed width. Big endian; the
 * {@code lp(x)} of docs/reference/formats.md.
 */
final class Framing {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(192);

    private Framing() {}

    static Framing labelled(String label) {
        return new Framing().text(label);
    }

    Framing text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    Framing bytes(byte[] value) {
        number(value.length);
        bytes.writeBytes(value);
        return this;
    }

    /** Four bytes. */
    Framing number(int value) {
        bytes.write(value >>> 24);
        bytes.write(value >>> 16);
        bytes.write(value >>> 8);
        bytes.write(value);
        return this;
    }

    /** Sixteen bytes. */
    Framing id(UUID value) {
        return half(value.getMostSignificantBits()).half(value.getLeastSignificantBits());
    }

    private Framing half(long value) {
        return number((int) (value >>> 32)).number((int) value);
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }
}
