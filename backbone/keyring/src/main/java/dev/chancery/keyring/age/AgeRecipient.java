package dev.chancery.keyring.age;

import org.bouncycastle.math.ec.rfc7748.X25519;

/**
 * Whom a file is encrypted to: an X25519 public key.
 *
 * @param publicKey 32 bytes
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out
public record AgeRecipient(byte[] publicKey) {
    private static final String PREFIX = "age";

    public AgeRecipient {
        if (publicKey.length != X25519.POINT_SIZE) {
            throw new IllegalArgumentException("an X25519 key has 32 bytes");
        }
        publicKey = publicKey.clone();
    }

    /** @throws IllegalArgumentException if the text is not {@code age1…} */
    public static AgeRecipient of(String text) {
        try {
            return new AgeRecipient(Bech32.decode(PREFIX, text.strip()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "a recipient is an age public key, age1 and 58 characters more; `age-keygen -y KEY` prints one", e);
        }
    }

    @Override
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /** {@code age1…}, public. */
    public String text() {
        return Bech32.encode(PREFIX, publicKey);
    }
}
