package dev.chancery.keyring.age;

import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import org.bouncycastle.math.ec.rfc7748.X25519;

/** The private key that opens what was encrypted to its {@link #recipient}. Its text form never shows it. */
public final class AgeIdentity {
    private static final String PREFIX = "age-secret-key-";

    private final byte[] secret;

    private AgeIdentity(byte[] secret) {
        if (secret.length != X25519.SCALAR_SIZE) {
            throw new IllegalArgumentException("an X25519 key has 32 bytes");
        }
        this.secret = secret;
    }

    public static AgeIdentity generate() {
        byte[] secret = new byte[X25519.SCALAR_SIZE];
        X25519.generatePrivateKey(new SecureRandom(), secret);
        return new AgeIdentity(secret);
    }

    /**
     * Reads an identity file as {@code age-keygen} writes it: comments, and a line with the key.
     *
     * @throws IllegalArgumentException if there is not exactly one X25519 identity in it
     */
    public static AgeIdentity of(String file) {
        List<String> keys = file.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        if (keys.size() == 1) {
            try {
                return new AgeIdentity(Bech32.decode(PREFIX, keys.getFirst()));
            } catch (IllegalArgumentException e) {
                // told below, without the key
            }
        }
        throw new IllegalArgumentException(
                "an identity file has one line that begins with AGE-SECRET-KEY-1, as age-keygen writes it");
    }

    public AgeRecipient recipient() {
        byte[] publicKey = new byte[X25519.POINT_SIZE];
        X25519.generatePublicKey(secret, 0, publicKey, 0);
        return new AgeRecipient(publicKey);
    }

    /** What {@link #of} reads. Whoever has it opens the files. */
    public String file() {
        return "# public key: " + recipient().text() + "\n"
                + Bech32.encode(PREFIX, secret).toUpperCase(Locale.ROOT) + "\n";
    }

    /** The secret that this key shares with another's public half; false for a public half that gives nothing away to anybody. */
    boolean agree(byte[] share, byte[] shared) {
        return X25519.calculateAgreement(secret, 0, share, 0, shared, 0);
    }

    @Override
    public String toString() {
        return "AgeIdentity[hidden]";
    }
}
