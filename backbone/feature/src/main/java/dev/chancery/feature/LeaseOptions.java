package dev.chancery.feature;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where databases may be whose credentials the vault makes, and services that make values for it.
 *
 * @param networks in CIDR notation: private networks, and the loopback, that they may be in, of whatever organisation; one that is named by an
 *     address in them needs no entry in an egress list, which can't name it
 * @param authorities PEM file with the certificates that theirs are checked against; empty: the Java runtime's own
 */
public record LeaseOptions(List<String> networks, Optional<Path> authorities) {
    public static final LeaseOptions DEFAULT = new LeaseOptions(List.of(), Optional.empty());

    public LeaseOptions {
        networks = List.copyOf(networks);
    }
}
