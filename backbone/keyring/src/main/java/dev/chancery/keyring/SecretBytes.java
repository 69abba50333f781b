package dev.chancery.keyring;

import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.SecretKey;

/**
 * The bytes of a key. Can be handed to the JDK's algorithms, which ask for {@link #getEncoded()} and zero what they get.
 *
 * <p><b>Thread safety:</b> safe. <b>Destruction:</b> {@link #destroy()} zeroes the bytes; whoever had begun to read them has read
 * the key and never half of it, whoever comes later gets {@link KeyDestroyed}. A key that is merely evicted from a cache is not
 * destroyed, since a sealing may be under way with it.
 */
final class SecretBytes implements SecretKey {
    private static final long serialVersionUID = 1;
    private static final SecureRandom RANDOM = new SecureRandom();

    static final int KEY_BYTES = 32;

    private final byte[] bytes;
    private boolean destroyed;

    private SecretBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Takes the array over: the caller neither keeps nor zeroes it. */
    static SecretBytes owning(byte[] bytes) {
        return new SecretBytes(bytes);
    }

    static SecretBytes random() {
        byte[] bytes = new byte[KEY_BYTES];
        RANDOM.nextBytes(bytes);
        return new SecretBytes(bytes);
    }

    /** A copy, for the caller to zero. */
    @Override
    public synchronized byte[] getEncoded() {
        if (destroyed) {
            throw new KeyDestroyed();
        }
        return bytes.clone();
    }

    @Override
    public synchronized void destroy() {
        destroyed = true;
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public synchronized boolean isDestroyed() {
        return destroyed;
    }

    @Override
    public String getAlgorithm() {
        return "Generic";
    }

    @Override
    public String getFormat() {
        return "RAW";
    }

    @Override
    public String toString() {
        return "SecretBytes[hidden]";
    }

    private void writeObject(ObjectOutputStream out) throws NotSerializableException {
        throw new NotSerializableException(SecretBytes.class.getName());
    }
}
