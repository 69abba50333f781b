package dev.chancery.keyring;

import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * Signs with one Ed25519 key (RFC 8032, pure; deterministic). Its text form never shows the private key.
 *
 * <p><b>Thread safety:</b> safe, without locks around the signing itself.
 */
public final class Signer {
    static {
        Ed25519.precompute();
    }

    private final VerifierKey verifierKey;
    private final byte[] publicKey;
    private final SecretBytes privateKey;

    /**
     * @param privateKey 32 bytes
     * @param stored the public key kept beside it
     * @throws SealBroken if they are not a pair: a signature over another public key gives the private key away
     */
    Signer(String name, SecretBytes privateKey, byte[] stored) {
        publicKey = publicKeyOf(privateKey);
        if (!Arrays.equals(publicKey, stored)) {
            throw new SealBroken();
        }
        this.privateKey = privateKey;
        verifierKey = VerifierKey.of(name, publicKey);
    }

    /**
     * A key that depends on the sealer and the name alone, so that it is stored nowhere: whoever has the sealer signs by it, and tells what was
     * signed by it.
     */
    public static Signer derived(Sealer sealer, String name) {
        byte[] secret = Base64.getUrlDecoder().decode(sealer.derive("signer/" + name));
        SecretBytes privateKey = SecretBytes.owning(secret);
        return new Signer(name, privateKey, publicKeyOf(privateKey));
    }

    static byte[] publicKeyOf(SecretBytes privateKey) {
        byte[] secret = privateKey.getEncoded();
        byte[] publicKey = new byte[Ed25519.PUBLIC_KEY_SIZE];
        Ed25519.generatePublicKey(secret, 0, publicKey, 0);
        Arrays.fill(secret, (byte) 0);
        return publicKey;
    }

    public VerifierKey verifierKey() {
        return verifierKey;
    }

    /** Answers the 64 bytes of the signature. */
    public byte[] sign(byte[] data) {
        return sign(data, 0, data.length);
    }

    /** Answers the 64 bytes of the signature over {@code length} bytes of {@code buffer}, from {@code offset} on. */
    public byte[] sign(byte[] buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        byte[] signature = new byte[Ed25519.SIGNATURE_SIZE];
        byte[] secret = privateKey.getEncoded();
        Ed25519.sign(secret, 0, publicKey, 0, buffer, offset, length, signature, 0);
        Arrays.fill(secret, (byte) 0);
        return signature;
    }

    /**
     * Answers the text as a C2SP signed note with this key's signature.
     *
     * @param text ends in a newline, has no other control character, at most 65,536 bytes of UTF-8
     * @throws IllegalArgumentException if it isn't so
     */
    public String signNote(String text) {
        return SignedNote.of(text, List.of(this));
    }

    @Override
    public String toString() {
        return "Signer[" + verifierKey.vkey() + "]";
    }
}
