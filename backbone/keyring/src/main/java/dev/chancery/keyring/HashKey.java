package dev.chancery.keyring;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;

/**
 * What a tenant's keyed hashes are made with. It is a random key of nobody's, wrapped by the tenant's key like a subject's and rewrapped with
 * them, so that names, receipts and look-ups stay comparable when the tenant's key is replaced.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class HashKey {
    private static final String HMAC = "HmacSHA256";

    // Keyed once and never fed: each hash starts from a clone, which is cheaper than a look-up and a key set-up.
    private final Mac keyed;

    /** @param root not kept */
    HashKey(SecretBytes root) {
        SecretBytes hashing = Hkdf.subkey(root, "chancery/tenant/hash/v1");
        try {
            keyed = Mac.getInstance(HMAC);
            keyed.init(hashing);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + HMAC, e);
        } finally {
            hashing.destroy();
        }
    }

    byte[] keyedHash(byte[] purpose, byte[] value) {
        try {
            Mac mac = (Mac) keyed.clone();
            mac.update(purpose);
            return mac.doFinal(value);
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("this Java's " + HMAC + " can't be cloned", e);
        }
    }

    @Override
    public String toString() {
        return "HashKey[hidden]";
    }
}
