package dev.chancery.keyring;

import java.util.regex.Pattern;

/**
 * Which version of which secret a value is. Sealed into it: a value taken elsewhere does not open.
 *
 * @param tenant the tenant whose secret it is
 * @param environment where it is used; has a key of its own
 * @param secret its name, e.g. {@code prod/db/password}; begins with the environment's
 * @param version from 1
 */
public record SecretPlace(String tenant, String environment, String secret, int version) {
    private static final Pattern TENANT = Pattern.compile("[a-z0-9-]{1,36}");
    private static final Pattern ENVIRONMENT = Pattern.compile("[a-z][a-z0-9-]{0,39}");
    private static final int MAX_NAME_CHARS = 127;

    /** @throws IllegalArgumentException if a component has not its shape; the message does not repeat it */
    public SecretPlace {
        boolean fits = TENANT.matcher(tenant).matches()
                && ENVIRONMENT.matcher(environment).matches()
                && secret.startsWith(environment + "/")
                && secret.length() <= MAX_NAME_CHARS
                && version >= 1;
        if (!fits) {
            throw new IllegalArgumentException("this is no place of a secret");
        }
    }

    /** The associated data of the value. */
    byte[] ofValue() {
        return framed("chancery/secret/v1");
    }

    /** The associated data of the value's key. */
    byte[] ofKey() {
        return framed("chancery/secret-key/v1");
    }

    private byte[] framed(String label) {
        return Framing.labelled(label)
                .text(tenant)
                .text(environment)
                .text(secret)
                .number(version)
                .toBytes();
    }
}
