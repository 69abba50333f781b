package dev.chancery.auditor;

import java.util.Base64;

/** Base64 as RFC 4648 section 4 has it, in its one canonical spelling: padded, unused bits zero. */
final class Base64Text {
    private Base64Text() {}

    /** @throws Malformed unless the text is the only spelling of {@code length} bytes */
    static byte[] decode(String what, String text, int length) throws Malformed {
        byte[] bytes = decode(what, text);
        if (bytes.length != length) {
            throw new Malformed(what + " is " + bytes.length + " bytes, must be " + length);
        }
        return bytes;
    }

    /** @throws Malformed unless the text is the only spelling of some bytes */
    static byte[] decode(String what, String text) throws Malformed {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new Malformed(what + " is not base64");
        }
        if (!Base64.getEncoder().encodeToString(bytes).equals(text)) {
            throw new Malformed(what + " is not canonical base64");
        }
        return bytes;
    }
}
