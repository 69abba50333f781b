package dev.chancery.redaction;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Which kinds are redacted. The log boundary redacts all of them. */
public enum Profile {
    ALL(Set.of("card", "iban", "mail", "national-id", "pem", "phone", "random", "secret", "token", "vault")),
    /** Secrets only. */
    SECRETS(Set.of("pem", "random", "secret", "token", "vault")),
    /** What identifies a person (GDPR, article 4). */
    GDPR(Set.of("card", "iban", "mail", "national-id", "phone")),
    /** Cardholder data and secrets (PCI DSS, requirement 3). */
    PCI(Set.of("card", "pem", "random", "secret", "token", "vault")),
    /** Of HIPAA's identifiers (45 CFR 164.514) those with a shape, and secrets. */
    HIPAA(Set.of("card", "iban", "mail", "national-id", "pem", "phone", "random", "secret", "token", "vault"));

    private final Set<String> kinds;

    Profile(Set<String> kinds) {
        this.kinds = kinds;
    }

    public Set<String> kinds() {
        return kinds;
    }

    /** By its name in lower case. */
    public static Optional<Profile> of(String name) {
        return Arrays.stream(values()).filter(each -> each.text().equals(name)).findFirst();
    }

    /** The names, in lower case. */
    public static List<String> names() {
        return Arrays.stream(values()).map(Profile::text).toList();
    }

    private String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
