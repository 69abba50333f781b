package dev.chancery.firewall;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;

/** An IPv4 or IPv6 address, read and written as the URL Standard does it. IPv4 in IPv6 stays IPv6, unlike in {@link InetAddress}. */
public final class IpAddress {
    private static final int GROUPS = 8;

    private final byte[] octets;

    private IpAddress(byte[] octets) {
        this.octets = octets;
    }

    public static IpAddress of(InetAddress address) {
        return new IpAddress(address.getAddress());
    }

    byte[] octets() {
        return octets.clone();
    }

    boolean isV4() {
        return octets.length == 4;
    }

    public InetAddress toInetAddress() {
        try {
            return InetAddress.getByAddress(octets);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 octets", e);
        }
    }

    /** Whether a name's last label makes it an IPv4 address, or nothing (URL Standard, "ends in a number"). */
    static boolean endsInNumber(String name) {
        String[] labels = name.split("\\.", -1);
        int last = labels.length - 1;
        if (labels[last].isEmpty() && last > 0) {
            last--;
        }
        String label = labels[last];
        return !label.isEmpty()
                && (label.chars().allMatch(c -> c >= '0' && c <= '9')
                        || number(label).isPresent());
    }

    /** In one to four parts, each decimal, octal (0…) or hexadecimal (0x…); the last part fills what is left. */
    static Optional<IpAddress> parseV4(String text) {
        String dotted = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
        String[] parts = dotted.split("\\.", -1);
        if (parts.length > 4) {
            return Optional.empty();
        }
        long value = 0;
        for (int i = 0; i < parts.length; i++) {
            Optional<Long> part = number(parts[i]);
            boolean last = i == parts.length - 1;
            long limit = last ? 1L << 8 * (5 - parts.length) : 256;
            if (part.isEmpty() || part.get() >= limit) {
                return Optional.empty();
            }
            value |= part.get() << (last ? 0 : 8 * (3 - i));
        }
        return Optional.of(new IpAddress(
                new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value}));
    }

    /** A part of an IPv4 address; what is too large for any part is Long.MAX_VALUE. */
    private static Optional<Long> number(String text) {
        String digits = text;
        int radix = 10;
        if (digits.startsWith("0x") || digits.startsWith("0X")) {
            digits = digits.substring(2);
            radix = 16;
        } else if (digits.length() > 1 && digits.startsWith("0")) {
            digits = digits.substring(1);
            radix = 8;
        } else if (digits.isEmpty()) {
            return Optional.empty();
        }
        long value = 0;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            int digit = c < 128 ? Character.digit(c, radix) : -1;
            if (digit < 0) {
                return Optional.empty();
            }
            value = value > 1L << 40 ? value : value * radix + digit;
        }
        return Optional.of(value > 1L << 40 ? Long.MAX_VALUE : value);
    }

    /** Without brackets and without a zone. */
    static Optional<IpAddress> parseV6(String text) {
        int gap = text.indexOf("::");
        if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
            return Optional.empty();
        }
        var octets = new byte[2 * GROUPS];
        if (gap < 0) {
            return groups(text, octets, 0).filter(count -> count == GROUPS).map(count -> new IpAddress(octets));
        }
        var tail = new byte[2 * GROUPS];
        String before = text.substring(0, gap);
        String after = text.substring(gap + 2);
        Optional<Integer> head = before.isEmpty() ? Optional.of(0) : hexadecimalOnly(before, octets);
        Optional<Integer> rest = after.isEmpty() ? Optional.of(0) : groups(after, tail, 0);
        if (head.isEmpty() || rest.isEmpty() || head.get() + rest.get() >= GROUPS) {
            return Optional.empty();
        }
        System.arraycopy(tail, 0, octets, 2 * (GROUPS - rest.get()), 2 * rest.get());
        return Optional.of(new IpAddress(octets));
    }

    /** Before a gap there is no IPv4 part. */
    private static Optional<Integer> hexadecimalOnly(String text, byte[] into) {
        return text.indexOf('.') >= 0 ? Optional.empty() : groups(text, into, 0);
    }

    /** Reads groups of up to four hexadecimal digits, the last two perhaps as IPv4; returns how many. */
    private static Optional<Integer> groups(String text, byte[] into, int from) {
        String[] parts = text.split(":", -1);
        int count = from;
        for (int i = 0; i < parts.length; i++) {
            String part = parts[i];
            boolean v4 = i == parts.length - 1 && part.indexOf('.') >= 0;
            if (count + (v4 ? 2 : 1) > GROUPS) {
                return Optional.empty();
            }
            if (v4) {
                if (!strictV4(part, into, 2 * count)) {
                    return Optional.empty();
                }
                count += 2;
                continue;
            }
            if (part.isEmpty() || part.length() > 4 || !part.chars().allMatch(IpAddress::isHexadecimal)) {
                return Optional.empty();
            }
            int group = Integer.parseInt(part, 16);
            into[2 * count] = (byte) (group >> 8);
            into[2 * count + 1] = (byte) group;
            count++;
        }
        return Optional.of(count);
    }

    private static boolean isHexadecimal(int c) {
        return c < 128 && Character.digit(c, 16) >= 0;
    }

    /** Four decimal numbers without leading zeros, as they stand at an IPv6 address's end. */
    private static boolean strictV4(String text, byte[] into, int at) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return false;
        }
        for (int i = 0; i < 4; i++) {
            String part = parts[i];
            if (!part.matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(part) > 255) {
                return false;
            }
            into[at + i] = (byte) Integer.parseInt(part);
        }
        return true;
    }

    /** IPv4 dotted; IPv6 in lower case with the first longest run of zero groups left out, without brackets. */
    public String text() {
        if (isV4()) {
            return (octets[0] & 255) + "." + (octets[1] & 255) + "." + (octets[2] & 255) + "." + (octets[3] & 255);
        }
        int start = -1;
        int length = 1;
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && group(end) == 0) {
                end++;
            }
            if (end - i > length) {
                start = i;
                length = end - i;
            }
            i = Math.max(i, end - 1);
        }
        var text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == start) {
                text.append("::");
                i += length - 1;
                continue;
            }
            if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                text.append(':');
            }
            text.append(Integer.toHexString(group(i)));
        }
        return text.toString();
    }

    private int group(int index) {
        return (octets[2 * index] & 255) << 8 | octets[2 * index + 1] & 255;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IpAddress address && Arrays.equals(octets, address.octets);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(octets);
    }

    @Override
    public String toString() {
        return text();
    }
}
