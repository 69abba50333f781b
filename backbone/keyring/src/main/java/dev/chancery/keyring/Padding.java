package dev.chancery.keyring;

import java.util.Arrays;

/**
 * Hides the length of a value up to the next multiple of {@link #BLOCK_BYTES}: a name that is forgotten should not go on telling
 * how long it was. Bit padding of ISO/IEC 7816-4: 0x80, then zeros; at least one byte. What stays visible is the number of blocks.
 */
final class Padding {
    /** Most names, addresses and e-mail addresses fill one or two. */
    static final int BLOCK_BYTES = 32;

    private Padding() {}

    static byte[] pad(byte[] value) {
        byte[] padded = Arrays.copyOf(value, (value.length / BLOCK_BYTES + 1) * BLOCK_BYTES);
        padded[value.length] = (byte) 0x80;
        return padded;
    }

    /** @throws SealBroken if nothing was padded to these bytes */
    static byte[] unpad(byte[] padded) {
        int end = padded.length - 1;
        while (end >= 0 && padded[end] == 0) {
            end--;
        }
        boolean whole = padded.length % BLOCK_BYTES == 0 && padded.length - end <= BLOCK_BYTES;
        if (end < 0 || padded[end] != (byte) 0x80 || !whole) {
            throw new SealBroken();
        }
        return Arrays.copyOf(padded, end);
    }
}
