package dev.chancery.keyring;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;

/**
 * One version of a tenant's key, as the subkeys that are derived from it: one wraps subject keys, one makes keyed hashes.
 *
 * <p>Nothing is sealed with a subkey of the tenant key itself: such a value could not survive the version's destruction. What is
 * about nobody has a random key like any subject's, which is rewrapped.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class TenantKey {
    private static final String HMAC = "HmacSHA256";

    private final int version;
    private final boolean current;
    private final SecretBytes wrapping;
    // Keyed once and never fed: each hash starts from a clone, which is cheaper than a look-up and a key set-up.
    private final Mac keyed;

    /** @param root destroyed here */
    TenantKey(int version, boolean current, SecretBytes root) {
        this.version = version;
        this.current = current;
        wrapping = Hkdf.subkey(root, "chancery/tenant/wrap/v1");
        SecretBytes hashing = Hkdf.subkey(root, "chancery/tenant/hash/v1");
        root.destroy();
        try {
            keyed = Mac.getInstance(HMAC);
            keyed.init(hashing);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + HMAC, e);
        } finally {
            hashing.destroy();
        }
    }

    int version() {
        return version;
    }

    boolean isCurrent() {
        return current;
    }

    byte[] wrap(SecretBytes key, byte[] context) {
        byte[] bytes = key.getEncoded();
        try {
            return CommittingAead.seal(wrapping, context, bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    SecretBytes unwrap(byte[] wrapped, byte[] context) {
        return SecretBytes.owning(CommittingAead.open(wrapping, context, wrapped));
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
        return "TenantKey[version=" + version + ", hidden]";
    }
}
