package dev.chancery.keyring.age;

import java.io.ByteArrayOutputStream;
import java.util.Locale;

/** BIP 173's Bech32, without its limit of 90 characters, as age uses it for keys. */
final class Bech32 {
    private static final String CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private static final int[] GENERATOR = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    private static final int CHECKSUM_CHARS = 6;

    private Bech32() {}

    static String encode(String prefix, byte[] data) {
        byte[] five = regroup(data, 8, 5, true);
        int checksum = polymod(prefix, five, new byte[CHECKSUM_CHARS]) ^ 1;
        var text = new StringBuilder(prefix).append('1');
        for (byte value : five) {
            text.append(CHARACTERS.charAt(value));
        }
        for (int i = CHECKSUM_CHARS - 1; i >= 0; i--) {
            text.append(CHARACTERS.charAt(checksum >>> 5 * i & 31));
        }
        return text.toString();
    }

    /** @throws IllegalArgumentException if the text is no Bech32 with this prefix, all lower or all upper case */
    static byte[] decode(String prefix, String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (!text.equals(lower) && !text.equals(text.toUpperCase(Locale.ROOT))) {
            throw new IllegalArgumentException("mixed case");
        }
        int separator = lower.lastIndexOf('1');
        if (separator < 1
                || !lower.substring(0, separator).equals(prefix)
                || lower.length() - separator <= CHECKSUM_CHARS) {
            throw new IllegalArgumentException("another prefix");
        }
        byte[] five = new byte[lower.length() - separator - 1];
        for (int i = 0; i < five.length; i++) {
            int value = CHARACTERS.indexOf(lower.charAt(separator + 1 + i));
            if (value < 0) {
                throw new IllegalArgumentException("a character that is not Bech32's");
            }
            five[i] = (byte) value;
        }
        if (polymod(prefix, five, new byte[0]) != 1) {
            throw new IllegalArgumentException("another checksum");
        }
        byte[] data = new byte[five.length - CHECKSUM_CHARS];
        System.arraycopy(five, 0, data, 0, data.length);
        return regroup(data, 5, 8, false);
    }

    private static int polymod(String prefix, byte[] values, byte[] more) {
        int checksum = 1;
        for (int i = 0; i < prefix.length(); i++) {
            checksum = step(checksum, prefix.charAt(i) >>> 5);
        }
        checksum = step(checksum, 0);
        for (int i = 0; i < prefix.length(); i++) {
            checksum = step(checksum, prefix.charAt(i) & 31);
        }
        for (byte value : values) {
            checksum = step(checksum, value);
        }
        for (byte value : more) {
            checksum = step(checksum, value);
        }
        return checksum;
    }

    private static int step(int checksum, int value) {
        int top = checksum >>> 25;
        int next = (checksum & 0x1ffffff) << 5 ^ value;
        for (int i = 0; i < GENERATOR.length; i++) {
            next ^= (top >>> i & 1) == 0 ? 0 : GENERATOR[i];
        }
        return next;
    }

    private static byte[] regroup(byte[] data, int from, int to, boolean pad) {
        var out = new ByteArrayOutputStream();
        int held = 0;
        int bits = 0;
        for (byte value : data) {
            held = held << from | value & (1 << from) - 1;
            bits += from;
            while (bits >= to) {
                bits -= to;
                out.write(held >>> bits & (1 << to) - 1);
            }
            held &= (1 << bits) - 1;
        }
        if (pad && bits > 0) {
            out.write(held << to - bits & (1 << to) - 1);
        } else if (!pad && (bits >= from || held != 0)) {
            throw new IllegalArgumentException("bits are left over");
        }
        return out.toByteArray();
    }
}
