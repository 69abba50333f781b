package dev.chancery.auditor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.jspecify.annotations.Nullable;

/**
 * A C2SP signed-note verifier key of type Ed25519. Points that are not on the curve, or of small order, are no keys.
 *
 * @param id the first four bytes of SHA-256 over name, newline, type and key, big endian
 */
record VerifierKey(String name, int id, Ed25519.PublicPoint point) {
    static final int SIGNATURE_LENGTH = 64;
    private static final byte ED25519 = 1;
    private static final Pattern VKEY = Pattern.compile("([^+\\s\\p{Cntrl}]{1,200})\\+([0-9a-f]{8})\\+(\\S{1,100})");

    static VerifierKey parse(String vkey) throws Malformed {
        Matcher parts = VKEY.matcher(vkey);
        if (!parts.matches()) {
            throw new Malformed("not a verifier key (name+8 hex digits+base64)");
        }
        String name = parts.group(1);
        byte[] typed = Base64Text.decode("the key", parts.group(3), 1 + Ed25519.PUBLIC_KEY_SIZE);
        if (typed[0] != ED25519) {
            throw new Malformed("type " + (typed[0] & 0xff) + " is not Ed25519 (1)");
        }
        int id = ByteBuffer.wrap(id(name, typed)).getInt();
        if (id != HexFormat.fromHexDigits(parts.group(2))) {
            throw new Malformed("the key id does not belong to this name and key");
        }
        Ed25519.@Nullable PublicPoint point = Ed25519.validatePublicKeyFullExport(typed, 1);
        if (point == null) {
            throw new Malformed("not a valid Ed25519 public key");
        }
        return new VerifierKey(name, id, point);
    }

    private static byte[] id(String name, byte[] typed) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer hashed = ByteBuffer.allocate(nameBytes.length + 1 + typed.length);
        hashed.put(nameBytes).put((byte) '\n').put(typed);
        return new Hashing().plain(hashed.array());
    }

    /** Whether the 64 bytes at {@code signatureFrom} are this key's signature over the {@code length} bytes at {@code from}. */
    boolean verifies(byte[] signature, int signatureFrom, byte[] message, int from, int length) {
        return Ed25519.verify(signature, signatureFrom, point, message, from, length);
    }

    /** As in a verifier key: {@code name+0a1b2c3d}. */
    String label() {
        return label(name, id);
    }

    static String label(String name, int id) {
        return name + "+" + HexFormat.of().toHexDigits(id);
    }
}
