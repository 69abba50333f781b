package dev.chancery.firewall;

/** A table of ranges in which most of the loopback stands for the internet. */
public final class TestRanges {
    /** Stands for an address inside. */
    public static final String INSIDE = "127.0.0.66";

    public static final AddressRanges TABLE = AddressRanges.only(INSIDE + "/32", "10.0.0.0/8", "169.254.0.0/16");

    private TestRanges() {}
}
