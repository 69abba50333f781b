package dev.chancery.feature;

import dev.chancery.database.DatabaseRole;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a process does. Split by trust and by how it scales: each role comes with its own database roles and keys. */
public enum ProcessRole {
    /** Takes commands and checks: identity, access, elevation, egress. Holds the personal key ring. */
    CORE,
    /** Moves the log to Kafka; one at a time does, others wait. */
    RELAY,
    /** Keeps the RBAC views and answers lists. Holds no keys. */
    PROJECTORS,
    /** Grows the ledger and alone signs its checkpoints. */
    LEDGER,
    /** Lets programs reach hosts outside, as their lists say. Holds the key that signs its own records, and no other. */
    EGRESS;

    public static final Set<ProcessRole> ALL = EnumSet.allOf(ProcessRole.class);

    /** The database roles of a process with these roles; it holds no others. */
    public static Set<DatabaseRole> databaseRoles(Set<ProcessRole> roles) {
        Stream<DatabaseRole> features = FeatureDescription.all().stream()
                .filter(feature -> roles.contains(feature.process()))
                .map(FeatureDescription::databaseRole);
        Stream<DatabaseRole> backbone = roles.stream().map(role -> switch (role) {
            case CORE -> DatabaseRole.KEYRING;
            case RELAY -> DatabaseRole.RELAY;
            case PROJECTORS, LEDGER, EGRESS -> decisions(roles);
        });
        return Stream.of(features, backbone, Stream.of(decisions(roles)))
                .flatMap(Function.identity())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The role that a process reads authority as: it authorises its own calls. */
    public static DatabaseRole decisions(Set<ProcessRole> roles) {
        return roles.contains(CORE) ? DatabaseRole.ACCESS : DatabaseRole.DECISIONS;
    }

    /** Whether a process with these roles wraps and unwraps keys: the core's personal ones, the ledger's that sign checkpoints, the proxy's own. */
    public static boolean needSealer(Set<ProcessRole> roles) {
        return roles.contains(CORE) || roles.contains(LEDGER) || roles.contains(EGRESS);
    }

    /** Reads {@code core,relay} or {@code all}. */
    public static Set<ProcessRole> parse(String text) {
        if (text.equals("all")) {
            return ALL;
        }
        try {
            return Arrays.stream(text.split(","))
                    .map(name -> valueOf(name.strip().toUpperCase(Locale.ROOT)))
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(ProcessRole.class)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("a role is one of all, core, relay, projectors, ledger, egress");
        }
    }
}
