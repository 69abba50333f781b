package dev.chancery.keyring;

/**
 * The top of the key hierarchy: holds one secret that never leaves it, and wraps keys with it.
 *
 * <p>Implementations are safe for use by many threads.
 */
public interface Sealer {
    /**
     * Wraps a key.
     *
     * @param key not kept; the caller zeroes it
     * @param context what the key is; unwrapping asks for the same bytes
     */
    byte[] wrap(byte[] key, byte[] context);

    /**
     * Answers a wrapped key. The caller zeroes it after use.
     *
     * @throws SealBroken if it was wrapped for another context or by another sealer, or was altered
     */
    byte[] unwrap(byte[] wrapped, byte[] context);

    /**
     * Answers a secret that depends on this sealer and the purpose alone, so that it need not be stored anywhere.
     *
     * @param purpose e.g. {@code postgres/chancery_identity}
     * @return 256 bits as 43 characters of base64url
     */
    String derive(String purpose);
}
