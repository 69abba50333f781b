package dev.chancery.auditor;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes protobuf by hand, so that tests can also write what no library would. Defaults are left out. */
final class Proto {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Proto integer(int field, long value) {
        return value == 0 ? this : tag(field, 0).varint(value);
    }

    Proto fixed32(int field, int value) {
        if (value != 0) {
            tag(field, 5);
            for (int shift = 0; shift < 32; shift += 8) {
                out.write(value >>> shift);
            }
        }
        return this;
    }

    Proto bytes(int field, byte[] value) {
        return value.length == 0 ? this : element(field, value);
    }

    Proto string(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Proto message(int field, Proto message) {
        return message == null ? this : element(field, message.done());
    }

    Proto element(int field, byte[] value) {
        tag(field, 2).varint(value.length).out.writeBytes(value);
        return this;
    }

    Proto tag(int field, int type) {
        return varint((long) field << 3 | type);
    }

    Proto varint(long value) {
        long left = value;
        while ((left & ~0x7fL) != 0) {
            out.write((int) (left & 0x7f) | 0x80);
            left >>>= 7;
        }
        out.write((int) left);
        return this;
    }

    Proto raw(int... bytes) {
        for (int octet : bytes) {
            out.write(octet);
        }
        return this;
    }

    byte[] done() {
        return out.toByteArray();
    }
}
