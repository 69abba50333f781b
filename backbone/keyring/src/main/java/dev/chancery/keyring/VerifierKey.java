package dev.chancery.keyring;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * An Ed25519 public key with the name it signs under: a C2SP signed-note verifier key (c2sp.org/signed-note), signature type 0x01.
 *
 * @param name not empty, without Unicode spaces, control characters and {@code +}
 * @param keyId the first four bytes, big endian, of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)
 * @param publicKey 32 bytes, RFC 8032
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
public record VerifierKey(String name, int keyId, byte[] publicKey) {
    private static final byte ED25519 = 0x01;

    /** @throws IllegalArgumentException if the name or the key has another shape, or the key id is another key's */
    public VerifierKey {
        if (name.isEmpty() || name.codePoints().anyMatch(VerifierKey::isForbidden)) {
            throw new IllegalArgumentException("a key's name is not empty and has no spaces, controls and plus signs");
        }
        if (publicKey.length != Ed25519Verifier.PUBLIC_KEY_BYTES) {
            throw new IllegalArgumentException("an Ed25519 public key has 32 bytes");
        }
        publicKey = publicKey.clone();
        if (keyId != keyId(name, publicKey)) {
            throw new IllegalArgumentException("the key id is not that of this name and key");
        }
    }

    public static VerifierKey of(String name, byte[] publicKey) {
        return new VerifierKey(name, keyId(name, publicKey), publicKey);
    }

    private static boolean isForbidden(int c) {
        return c == '+'
                || Character.isSpaceChar(c)
                || Character.isISOControl(c)
                || Character.getType(c) == Character.SURROGATE;
    }

    private static int keyId(String name, byte[] publicKey) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(name.getBytes(StandardCharsets.UTF_8));
            sha256.update((byte) '\n');
            sha256.update(ED25519);
            return ByteBuffer.wrap(sha256.digest(publicKey)).getInt();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    @Override
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /** {@code <name>+<key id, 8 hex digits>+<base64 of 0x01 ‖ public key>}. */
    public String vkey() {
        byte[] typed = new byte[1 + publicKey.length];
        typed[0] = ED25519;
        System.arraycopy(publicKey, 0, typed, 1, publicKey.length);
        return name + "+" + HexFormat.of().toHexDigits(keyId) + "+"
                + Base64.getEncoder().encodeToString(typed);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VerifierKey that && name.equals(that.name) && Arrays.equals(publicKey, that.publicKey);
    }

    @Override
    public int hashCode() {
        return keyId;
    }

    @Override
    public String toString() {
        return vkey();
    }
}
