package dev.chancery.egress;

import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.HostPattern;
import java.util.List;
import java.util.stream.Stream;

/**
 * What every workspace that is no sandbox may reach. Part of the program, so nobody edits it: these hosts hand out public reference data
 * and take nothing in.
 */
final class BuiltInHosts {
    static final List<HostPattern> ALL = Stream.of("https://data.iana.org", "https://publicsuffix.org")
            .map(host -> HostPattern.allow(host, AddressRanges.forbidden()))
            .toList();

    private BuiltInHosts() {}
}
