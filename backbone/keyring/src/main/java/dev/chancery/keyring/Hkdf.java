package dev.chancery.keyring;

import java.security.GeneralSecurityException;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * HKDF-SHA-256 (RFC 5869), its second half: every key here is uniformly random already, so the extract step has nothing to do
 * (section 3.3). Different infos give independent keys.
 */
final class Hkdf {
    private Hkdf() {}

    /** @param length 1 to 8,160 bytes */
    static byte[] expand(SecretKey key, byte[] info, int length) {
        try {
            return KDF.getInstance("HKDF-SHA256").deriveData(HKDFParameterSpec.expandOnly(key, info, length));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HKDF-SHA256", e);
        }
    }

    /** A key for one purpose; {@code label} tells purposes apart. */
    static SecretBytes subkey(SecretKey key, String label) {
        return SecretBytes.owning(expand(key, Framing.labelled(label).toBytes(), SecretBytes.KEY_BYTES));
    }
}
