package dev.chancery.keyring.age;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** How age derives and uses its keys (c2sp.org/age). */
final class AgeKeys {
    static final String VERSION_LINE = "age-encryption.org/v1";
    static final String X25519_LABEL = "age-encryption.org/v1/X25519";
    static final int FILE_KEY_BYTES = 16;
    static final int PAYLOAD_NONCE_BYTES = 16;
    static final int CHUNK_BYTES = 64 << 10;
    static final int TAG_BYTES = 16;

    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    /** The chunk's counter is in the 11 bytes before the flag of the last one; 8 of them are enough for any disk. */
    private static final int LAST_BYTE_OF_COUNTER = 10;

    private AgeKeys() {}

    static byte[] derive(byte[] secret, byte[] salt, String info) {
        try {
            return KDF.getInstance("HKDF-SHA256")
                    .deriveData(HKDFParameterSpec.ofExtract()
                            .addIKM(secret)
                            .addSalt(salt)
                            .thenExpand(info.getBytes(US_ASCII), KEY_BYTES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HKDF-SHA256", e);
        }
    }

    /** The key that wraps the file's key to a recipient. */
    static byte[] wrapping(byte[] shared, byte[] share, byte[] recipient) {
        byte[] salt = new byte[share.length + recipient.length];
        System.arraycopy(share, 0, salt, 0, share.length);
        System.arraycopy(recipient, 0, salt, share.length, recipient.length);
        return derive(shared, salt, X25519_LABEL);
    }

    /** The code over the header, up to and with its three dashes. */
    static byte[] headerCode(byte[] fileKey, byte[] header) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(derive(fileKey, new byte[0], "header"), "HmacSHA256"));
            return mac.doFinal(header);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HmacSHA256", e);
        }
    }

    static byte[] nonce(long chunk, boolean last) {
        byte[] nonce = new byte[NONCE_BYTES];
        for (int i = 0; i < Long.BYTES; i++) {
            nonce[LAST_BYTE_OF_COUNTER - i] = (byte) (chunk >>> 8 * i);
        }
        nonce[NONCE_BYTES - 1] = (byte) (last ? 1 : 0);
        return nonce;
    }

    /** @param mode of {@link Cipher} */
    static byte[] chaCha20Poly1305(int mode, byte[] key, byte[] nonce, byte[] data, int length)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("ChaCha20-Poly1305");
        cipher.init(mode, new SecretKeySpec(key, "ChaCha20"), new IvParameterSpec(nonce));
        return cipher.doFinal(data, 0, length);
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().withoutPadding().encodeToString(bytes);
    }
}
