package dev.chancery.kernel;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code vault://<environment>/<path>} and, for one version, {@code #<version>}.
 *
 * @param environment of the secret
 * @param secret its name, e.g. {@code prod/db/password}
 * @param version 0: the current one
 */
public record SecretReference(String environment, String secret, int version) {
    public static final String SCHEME = "vault://";

    // As in chancery/vault/v1/commands.proto.
    private static final Pattern SHAPE = Pattern.compile(
            "vault://(([a-z][a-z0-9-]{0,39})(?:/[a-z0-9][a-z0-9.-]{0,23}){1,3})(?:#([1-9][0-9]{0,8}))?");

    /** Empty: it is none. */
    public static Optional<SecretReference> parse(String text) {
        Matcher shape = SHAPE.matcher(text);
        return shape.matches()
                ? Optional.of(new SecretReference(
                        shape.group(2), shape.group(1), shape.group(3) == null ? 0 : Integer.parseInt(shape.group(3))))
                : Optional.empty();
    }
}
