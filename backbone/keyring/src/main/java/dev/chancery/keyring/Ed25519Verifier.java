package dev.chancery.keyring;

import org.bouncycastle.math.ec.rfc8032.Ed25519;

/** Checks Ed25519 signatures (RFC 8032, pure). */
public final class Ed25519Verifier {
    public static final int PUBLIC_KEY_BYTES = Ed25519.PUBLIC_KEY_SIZE;
    public static final int SIGNATURE_BYTES = Ed25519.SIGNATURE_SIZE;

    private Ed25519Verifier() {}

    /** False for a signature that does not fit, and for a key or a signature that is none. */
    public static boolean verify(byte[] publicKey, byte[] data, byte[] signature) {
        return publicKey.length == PUBLIC_KEY_BYTES
                && signature.length == SIGNATURE_BYTES
                && Ed25519.verify(signature, 0, publicKey, 0, data, 0, data.length);
    }

    /** Whether signatures can be checked with these bytes: a point of the curve's large subgroup, so not one that anybody can sign for. */
    public static boolean isPublicKey(byte[] publicKey) {
        return publicKey.length == PUBLIC_KEY_BYTES && Ed25519.validatePublicKeyFull(publicKey, 0);
    }
}
