package dev.chancery.keyring;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA-256 (RFC 2104) under a key that is in no ring: of what is told apart, or signed for somebody who has the same key. */
public final class KeyedHash {
    private final SecretKeySpec key;

    /** @param key at least a byte; copied */
    public KeyedHash(byte[] key) {
        this.key = new SecretKeySpec(key, "HmacSHA256");
    }

    /** 32 bytes. */
    public byte[] of(byte[] text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
