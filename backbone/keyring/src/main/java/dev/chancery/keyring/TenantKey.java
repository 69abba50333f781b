package dev.chancery.keyring;

import java.util.Arrays;

/**
 * One version of a tenant's key, as the subkey of it that wraps subject keys.
 *
 * <p>Nothing is sealed with a subkey of the tenant key itself: such a value could not survive the version's destruction. What is
 * about nobody has a random key like any subject's, which is rewrapped.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class TenantKey {
    private final int version;
    private final boolean current;
    private final SecretBytes wrapping;

    /** @param root destroyed here */
    TenantKey(int version, boolean current, SecretBytes root) {
        this.version = version;
        this.current = current;
        wrapping = Hkdf.subkey(root, "chancery/tenant/wrap/v1");
        root.destroy();
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

    @Override
    public String toString() {
        return "TenantKey[version=" + version + ", hidden]";
    }
}
