package dev.chancery.vault;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What a lease's role is called in its database: a prefix that no other installation, organisation or database has, and the lease's id. So a
 * role tells whose it is and when it was made, where no record does.
 *
 * @param prefix {@code chancery_}, 12 hexadecimal digits and {@code _}
 * @param leaseId a UUID of version 7
 */
record RoleName(String prefix, String leaseId) {
    private static final Pattern LEASE = Pattern.compile("[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}");
    private static final int PREFIX_BYTES = 6;

    /** The prefix of all roles in a database. */
    static String prefix(String instanceId, String tenant, String database) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((instanceId + "\n" + tenant + "\n" + database).getBytes(StandardCharsets.UTF_8));
            return "chancery_" + HexFormat.of().formatHex(hash, 0, PREFIX_BYTES) + "_";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /** The lease of a role that has this prefix; empty if the rest is none of ours. */
    static Optional<RoleName> parse(String prefix, String text) {
        String rest = text.startsWith(prefix) ? text.substring(prefix.length()) : "";
        return LEASE.matcher(rest).matches()
                ? Optional.of(new RoleName(
                        prefix,
                        String.join(
                                "-",
                                rest.substring(0, 8),
                                rest.substring(8, 12),
                                rest.substring(12, 16),
                                rest.substring(16, 20),
                                rest.substring(20))))
                : Optional.empty();
    }

    String text() {
        return prefix + leaseId.replace("-", "");
    }

    /** When its name was made, Unix time in microseconds. */
    long madeMicros() {
        return (UUID.fromString(leaseId).getMostSignificantBits() >>> 16) * 1_000;
    }
}
