package dev.chancery.app;

import dev.chancery.database.DatabaseRole;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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

    /** The database roles of a process with these roles; it holds no others. */
    public static Set<DatabaseRole> databaseRoles(Set<Role> roles) {
        return roles.stream()
                .flatMap(role -> switch (role) {
                    case CORE -> Stream.of(DatabaseRole.IDENTITY, DatabaseRole.ACCESS, DatabaseRole.KEYRING);
                    case RELAY -> Stream.of(DatabaseRole.RELAY, decisions(roles));
                    case PROJECTORS -> Stream.of(DatabaseRole.RBAC, decisions(roles));
                    case LEDGER -> Stream.of(DatabaseRole.LEDGER, decisions(roles));
                })
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The role that a process reads authority as: it authorises its own calls. */
    static DatabaseRole decisions(Set<Role> roles) {
        return roles.contains(CORE) ? DatabaseRole.ACCESS : DatabaseRole.DECISIONS;
    }

    /** Whether a process with these roles wraps and unwraps keys: the core's personal ones, or the ledger's that sign checkpoints. */
    public static boolean needSealer(Set<Role> roles) {
        return roles.contains(CORE) || roles.contains(LEDGER);
    }

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
