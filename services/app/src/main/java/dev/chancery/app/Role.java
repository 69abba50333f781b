package dev.chancery.app;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What a process does. Split by trust and by how it scales: each role comes with its own database roles and keys. */
public enum Role {
    /** Takes commands and checks: identity, access. Holds the personal key ring. */
    CORE,
    /** Moves the log to Kafka; one at a time does, others wait. */
    RELAY,
    /** Keeps the RBAC views and answers lists. Holds no keys. */
    PROJECTORS,
    /** Grows the ledger and alone signs its checkpoints. */
    LEDGER;

    public static final Set<Role> ALL = EnumSet.allOf(Role.class);

    /** Reads {@code core,relay} or {@code all}. */
    public static Set<Role> parse(String text) {
        if (text.equals("all")) {
            return ALL;
        }
        try {
            return Arrays.stream(text.split(","))
                    .map(name -> valueOf(name.strip().toUpperCase(Locale.ROOT)))
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Role.class)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("a role is one of all, core, relay, projectors, ledger");
        }
    }
}
