package dev.chancery.keyring;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The one cipher of Chancery: AES-256-GCM that also commits to its key. Seals values, and wraps keys.
 *
 * <pre>
 *   nonce                      24 random bytes
 *   encryption key ‖ commitment = HKDF-Expand(K, "chancery/aead/v1" ‖ nonce ‖ context, 32 + 32)
 *   ciphertext                 = AES-256-GCM(encryption key, iv = 0, associated data = context, plaintext)
 *   sealed                     = nonce ‖ commitment ‖ ciphertext with its 16-byte tag
 * </pre>
 *
 * <p><b>Why a commitment.</b> GCM alone lets whoever knows two keys make one ciphertext that opens under both, to different
 * plaintexts. Deriving key and commitment together from a collision-resistant function is the fix of Albertini, Duong, Gueron,
 * Kölbl, Luykx and Schmieg, <i>How to Abuse and Fix Authenticated Encryption Without Key Commitment</i> (USENIX Security 2022, ePrint
 * 2020/1456); the AWS Encryption SDK does the same. Because the context goes into the derivation, the commitment is to key, nonce
 * and associated data together (CMT-4 of Bellare and Hoang, EUROCRYPT 2022), and since AES-GCM fixes the plaintext once these are
 * given, a sealed value has one meaning.
 *
 * <p><b>Why iv = 0.</b> Each nonce gives an encryption key of its own, used once. With 192 random bits one key seals 2^64 values
 * before two nonces meet with a probability of 2^-65; AES-GCM with random 96-bit IVs must stop at 2^32.
 *
 * <p>Opening compares the commitment in constant time before it decrypts, and releases nothing unless the tag fits too.
 */
final class CommittingAead {
    static final int NONCE_BYTES = 24;
    static final int COMMITMENT_BYTES = 32;
    static final int TAG_BYTES = 16;
    static final int OVERHEAD_BYTES = NONCE_BYTES + COMMITMENT_BYTES + TAG_BYTES;

    private static final byte[] LABEL = Framing.labelled("chancery/aead/v1").toBytes();
    private static final GCMParameterSpec ZERO_IV = new GCMParameterSpec(8 * TAG_BYTES, new byte[12]);
    private static final SecureRandom RANDOM = new SecureRandom();

    private CommittingAead() {}

    static byte[] seal(SecretBytes key, byte[] context, byte[] plaintext) {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        byte[] derived = derive(key, nonce, context);
        byte[] sealed = Arrays.copyOf(nonce, OVERHEAD_BYTES + plaintext.length);
        System.arraycopy(derived, SecretBytes.KEY_BYTES, sealed, NONCE_BYTES, COMMITMENT_BYTES);
        try {
            int at = NONCE_BYTES + COMMITMENT_BYTES;
            cipher(Cipher.ENCRYPT_MODE, derived, context).doFinal(plaintext, 0, plaintext.length, sealed, at);
            return sealed;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM refused to encrypt", e);
        } finally {
            Arrays.fill(derived, (byte) 0);
        }
    }

    /** @throws SealBroken if it was not sealed with this key in this context */
    static byte[] open(SecretBytes key, byte[] context, byte[] sealed) {
        if (sealed.length < OVERHEAD_BYTES) {
            throw new SealBroken();
        }
        byte[] derived = derive(key, sealed, context);
        try {
            int at = NONCE_BYTES + COMMITMENT_BYTES;
            if (!MessageDigest.isEqual(
                    Arrays.copyOfRange(derived, SecretBytes.KEY_BYTES, derived.length),
                    Arrays.copyOfRange(sealed, NONCE_BYTES, at))) {
                throw new SealBroken();
            }
            return cipher(Cipher.DECRYPT_MODE, derived, context).doFinal(sealed, at, sealed.length - at);
        } catch (AEADBadTagException e) {
            throw new SealBroken();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM refused to decrypt", e);
        } finally {
            Arrays.fill(derived, (byte) 0);
        }
    }

    private static byte[] derive(SecretBytes key, byte[] nonceFirst, byte[] context) {
        byte[] info = ByteBuffer.allocate(LABEL.length + NONCE_BYTES + context.length)
                .put(LABEL)
                .put(nonceFirst, 0, NONCE_BYTES)
                .put(context)
                .array();
        return Hkdf.expand(key, info, SecretBytes.KEY_BYTES + COMMITMENT_BYTES);
    }

    private static Cipher cipher(int mode, byte[] derived, byte[] context) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(derived, 0, SecretBytes.KEY_BYTES, "AES"), ZERO_IV);
        cipher.updateAAD(context);
        return cipher;
    }
}
