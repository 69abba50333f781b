package dev.chancery.firewall;

import java.net.InetAddress;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * The addresses that no program may reach through the firewall: everything that is not the public internet. Our own table, from
 * IANA's special-purpose registries, since the JDK's predicates know neither shared nor unique local addresses nor the ways to
 * write IPv4 as IPv6.
 */
public final class AddressRanges {
    private static final AddressRanges FORBIDDEN = new AddressRanges(
            List.of(
                    v4("0.0.0.0", 8, "this network, RFC 791"),
                    v4("10.0.0.0", 8, "private, RFC 1918"),
                    v4("100.64.0.0", 10, "carrier-grade NAT, RFC 6598"),
                    v4("127.0.0.0", 8, "loopback, RFC 1122"),
                    v4("168.63.129.16", 32, "a cloud provider's host"),
                    v4("169.254.0.0", 16, "link local and cloud metadata, RFC 3927"),
                    v4("172.16.0.0", 12, "private, RFC 1918"),
                    v4("192.0.0.0", 24, "IETF protocol assignments, RFC 6890"),
                    v4("192.0.2.0", 24, "documentation, RFC 5737"),
                    v4("192.31.196.0", 24, "AS112, RFC 7535"),
                    v4("192.52.193.0", 24, "AMT, RFC 7450"),
                    v4("192.88.99.0", 24, "6to4 relay, RFC 7526"),
                    v4("192.168.0.0", 16, "private, RFC 1918"),
                    v4("192.175.48.0", 24, "AS112, RFC 7534"),
                    v4("198.18.0.0", 15, "benchmarking, RFC 2544"),
                    v4("198.51.100.0", 24, "documentation, RFC 5737"),
                    v4("203.0.113.0", 24, "documentation, RFC 5737"),
                    v4("224.0.0.0", 4, "multicast, RFC 5771"),
                    v4("240.0.0.0", 4, "reserved and broadcast, RFC 1112"),
                    v6("2001::", 23, "IETF protocol assignments with Teredo and ORCHID, RFC 2928"),
                    v6("2001:db8::", 32, "documentation, RFC 3849"),
                    v6("2002::", 16, "6to4, RFC 3056"),
                    v6("2620:4f:8000::", 48, "AS112, RFC 7534"),
                    v6("3fff::", 20, "documentation, RFC 9637")),
            List.of(),
            true);

    private final List<Range> ranges;
    private final List<Range> exceptions;
    private final boolean globalUnicastOnly;

    private AddressRanges(List<Range> ranges, List<Range> exceptions, boolean globalUnicastOnly) {
        this.ranges = ranges;
        this.exceptions = exceptions;
        this.globalUnicastOnly = globalUnicastOnly;
    }

    public static AddressRanges forbidden() {
        return FORBIDDEN;
    }

    /** A table of their own for tests, in which loopback stands for the internet: those addresses, in CIDR notation, and no others. */
    public static AddressRanges only(String... cidrs) {
        return new AddressRanges(
                List.of(cidrs).stream().map(AddressRanges::range).toList(), List.of(), false);
    }

    /**
     * These addresses, but for networks that an operator opens.
     *
     * @param cidrs in CIDR notation, e.g. {@code 10.1.0.0/16}
     * @throws IllegalArgumentException if one is no network
     */
    public AddressRanges except(List<String> cidrs) {
        try {
            return new AddressRanges(
                    ranges, cidrs.stream().map(AddressRanges::range).toList(), globalUnicastOnly);
        } catch (IndexOutOfBoundsException | NoSuchElementException | NumberFormatException e) {
            throw new IllegalArgumentException("a network is an address and a length, e.g. 10.1.0.0/16", e);
        }
    }

    /** Whether an address is in a network that an operator opened. */
    public boolean isException(InetAddress address) {
        byte[] octets = IpAddress.of(address).octets();
        return exceptions.stream().anyMatch(range -> range.contains(octets));
    }

    private static Range range(String cidr) {
        int slash = cidr.indexOf('/');
        String address = cidr.substring(0, slash);
        int bits = Integer.parseInt(cidr.substring(slash + 1));
        return cidr.indexOf(':') >= 0 ? v6(address, bits, cidr) : v4(address, bits, cidr);
    }

    /** The range that the address is in, for people; empty if it may be reached. */
    Optional<String> containing(IpAddress address) {
        byte[] octets = address.octets();
        if (exceptions.stream().anyMatch(range -> range.contains(octets))) {
            return Optional.empty();
        }
        for (Range range : ranges) {
            if (range.contains(octets)) {
                return Optional.of(range.name);
            }
        }
        if (globalUnicastOnly && !address.isV4()) {
            // Loopback, mapped and compatible IPv4, NAT64, discard, unique local, link local, multicast, segment
            // routing.
            if ((octets[0] & 0xe0) != 0x20) {
                return Optional.of("outside of global unicast, RFC 4291");
            }
            if ((octets[8] & 0xfd) == 0 && octets[9] == 0 && (octets[10] & 255) == 0x5e && (octets[11] & 255) == 0xfe) {
                return Optional.of("ISATAP, RFC 5214");
            }
        }
        return Optional.empty();
    }

    private static Range v4(String address, int bits, String name) {
        return new Range(IpAddress.parseV4(address).orElseThrow().octets(), bits, name);
    }

    private static Range v6(String address, int bits, String name) {
        return new Range(IpAddress.parseV6(address).orElseThrow().octets(), bits, name);
    }

    private static final class Range {
        private final byte[] prefix;
        private final int bits;
        private final String name;

        Range(byte[] prefix, int bits, String name) {
            this.prefix = prefix;
            this.bits = bits;
            this.name = name;
        }

        boolean contains(byte[] octets) {
            if (octets.length != prefix.length) {
                return false;
            }
            for (int i = 0; i < octets.length && 8 * i < bits; i++) {
                int mask = bits - 8 * i >= 8 ? 0xff : 0xff << 8 - (bits - 8 * i) & 0xff;
                if (((octets[i] ^ prefix[i]) & mask) != 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
