package dev.chancery.auditor;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads a protobuf message that must be in canonical form: fields in ascending order, each once unless repeated, shortest
 * varints, no default written, the wire type that the field has. Whoever reads calls {@link #next}, then the getter of the
 * field's type, and {@link #unknown} for a field it does not know. What passes would be written again as the same bytes.
 */
final class Wire {
    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;
    private static final int MAX_VARINT_BYTES = 10;
    private static final long MAX_TAG = 0xffff_ffffL;

    private final String what;
    private final byte[] bytes;
    private final int end;
    private int at;
    private int field;
    private int type;
    private boolean again;

    /** Reads {@code length} of the bytes; {@code what} names the message in what is thrown. */
    Wire(String what, byte[] bytes, int from, int length) {
        this.what = what;
        this.bytes = bytes;
        this.at = from;
        this.end = from + length;
    }

    /** Goes to the next field; answers its number, 0 at the end. */
    int next() throws Malformed {
        if (at == end) {
            return 0;
        }
        long tag = rawVarint();
        if (tag < 0 || tag > MAX_TAG || tag >>> 3 == 0) {
            throw malformed("no such tag");
        }
        int number = (int) (tag >>> 3);
        if (number < field) {
            throw malformed("field " + number + " after field " + field);
        }
        again = number == field;
        field = number;
        type = (int) (tag & 7);
        return number;
    }

    Malformed unknown() {
        return malformed("unknown field " + field);
    }

    long integer() throws Malformed {
        once(VARINT);
        return notDefault(rawVarint());
    }

    int unsigned32() throws Malformed {
        long value = integer();
        if (value < 0 || value > 0xffff_ffffL) {
            throw malformed("field " + field + " exceeds 32 bits");
        }
        return (int) value;
    }

    /** An enum's number, 1 to {@code last}. */
    int enumeration(int last) throws Malformed {
        long value = integer();
        if (value < 0 || value > last) {
            throw malformed("field " + field + " has an unknown value");
        }
        return (int) value;
    }

    boolean bool() throws Malformed {
        if (integer() != 1) {
            throw malformed("field " + field + " is neither true nor left out");
        }
        return true;
    }

    int fixed32() throws Malformed {
        once(FIXED32);
        if (end - at < Integer.BYTES) {
            throw cut();
        }
        int value = (bytes[at] & 0xff)
                | (bytes[at + 1] & 0xff) << 8
                | (bytes[at + 2] & 0xff) << 16
                | (bytes[at + 3] & 0xff) << 24;
        at += Integer.BYTES;
        return (int) notDefault(value);
    }

    byte[] bytes() throws Malformed {
        once(LENGTH_DELIMITED);
        int length = (int) notDefault(length());
        at += length;
        return Arrays.copyOfRange(bytes, at - length, at);
    }

    String string() throws Malformed {
        once(LENGTH_DELIMITED);
        return text((int) notDefault(length()));
    }

    /** One element of a repeated string. */
    String stringElement() throws Malformed {
        require(LENGTH_DELIMITED);
        return text(length());
    }

    Wire message(String name) throws Malformed {
        once(LENGTH_DELIMITED);
        return sub(name);
    }

    /** One element of a repeated message. */
    Wire messageElement(String name) throws Malformed {
        require(LENGTH_DELIMITED);
        return sub(name);
    }

    private Wire sub(String name) throws Malformed {
        int length = length();
        at += length;
        return new Wire(name, bytes, at - length, length);
    }

    private String text(int length) throws Malformed {
        ByteBuffer encoded = ByteBuffer.wrap(bytes, at, length);
        at += length;
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
        } catch (CharacterCodingException e) {
            throw malformed("field " + field + " is not UTF-8");
        }
    }

    private int length() throws Malformed {
        long length = rawVarint();
        if (length < 0 || length > end - at) {
            throw cut();
        }
        return (int) length;
    }

    private long rawVarint() throws Malformed {
        long value = 0;
        for (int i = 0; i < MAX_VARINT_BYTES; i++) {
            if (at == end) {
                throw cut();
            }
            int octet = bytes[at++];
            value |= (long) (octet & 0x7f) << (7 * i);
            if (octet >= 0) {
                boolean longerThanNeeded = octet == 0 && i > 0;
                boolean exceeds64Bits = i == MAX_VARINT_BYTES - 1 && octet > 1;
                if (longerThanNeeded || exceeds64Bits) {
                    throw malformed("a varint that is not the shortest");
                }
                return value;
            }
        }
        throw malformed("a varint longer than " + MAX_VARINT_BYTES + " bytes");
    }

    private long notDefault(long value) throws Malformed {
        if (value == 0) {
            throw malformed("field " + field + " is written at its default");
        }
        return value;
    }

    private void once(int wanted) throws Malformed {
        require(wanted);
        if (again) {
            throw malformed("field " + field + " twice");
        }
    }

    private void require(int wanted) throws Malformed {
        if (type != wanted) {
            throw malformed("field " + field + " has wire type " + type + ", must be " + wanted);
        }
    }

    private Malformed cut() {
        return malformed("ends inside a field");
    }

    private Malformed malformed(String reason) {
        return new Malformed(what + ": " + reason);
    }
}
