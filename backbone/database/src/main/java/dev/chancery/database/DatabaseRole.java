package dev.chancery.database;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A role that a process of Chancery signs in to PostgreSQL as. None is a superuser and none bypasses row-level security.
 *
 * <p>What a role may do to the log and the relay it has from its groups; in its own schema, from that schema's migration. So a feature
 * brings its role, and no migration outside its folder names it:
 *
 * <pre>{@code
 * static final DatabaseRole CONSENT = new DatabaseRole("consent", Set.of(Group.WRITER, Group.PROJECTOR));
 * }</pre>
 *
 * @param name 1 to 40 letters; for a feature that appends, the feature's name: PostgreSQL lets it append records of that feature alone
 */
public record DatabaseRole(String name, Set<Group> groups) {
    /** Roles that nobody signs in as. */
    public enum Group {
        /** Appends its own feature's records and reads its tenant's. */
        WRITER,
        /** Keeps a projection's tables and asks the relay for records that were lost. */
        PROJECTOR;

        /** The group's name in PostgreSQL, e.g. {@code chancery_writer}. */
        public String roleName() {
            return PREFIX + name().toLowerCase(Locale.ROOT);
        }
    }

    private static final String PREFIX = "chancery_";

    /** Owns the schemas and runs migrations; serves no request. */
    public static final DatabaseRole OWNER = new DatabaseRole("owner");

    public static final DatabaseRole KEYRING = new DatabaseRole("keyring");

    /** Reads a tenant's log, to decide who may do what, in processes that have no feature's role. */
    public static final DatabaseRole DECISIONS = new DatabaseRole("decisions");

    /** Reads the log of all tenants and its write-ahead log; writes nothing but its own progress. */
    public static final DatabaseRole RELAY = new DatabaseRole("relay");

    /** Rebuilds projections in schemas of its own and reads the live ones, to compare. */
    public static final DatabaseRole REPLAY = new DatabaseRole("replay");

    public static final DatabaseRole IDENTITY = new DatabaseRole("identity", Set.of(Group.WRITER));
    public static final DatabaseRole ACCESS = new DatabaseRole("access", Set.of(Group.WRITER));
    public static final DatabaseRole ELEVATION = new DatabaseRole("elevation", Set.of(Group.WRITER, Group.PROJECTOR));
    public static final DatabaseRole EGRESS = new DatabaseRole("egress", Set.of(Group.WRITER));

    /** Records what went through the forward proxy; it alone has the key that signs those records. */
    public static final DatabaseRole PROXY = new DatabaseRole("proxy", Set.of(Group.WRITER));

    /** Appends the vault's records, keeps its list, and alone holds the ring of secrets. */
    public static final DatabaseRole VAULT = new DatabaseRole("vault", Set.of(Group.WRITER, Group.PROJECTOR));

    /** Appends consents and keeps the list of them. */
    public static final DatabaseRole CONSENT = new DatabaseRole("consent", Set.of(Group.WRITER, Group.PROJECTOR));

    /** Appends requests of subjects, and keeps the list of them. */
    public static final DatabaseRole DSAR = new DatabaseRole("dsar", Set.of(Group.WRITER, Group.PROJECTOR));

    /** Appends holds and destructions, and keeps the lists of them. */
    public static final DatabaseRole RETENTION = new DatabaseRole("retention", Set.of(Group.WRITER, Group.PROJECTOR));

    /** Follows the log for what people are to be told, and appends what became of it. */
    public static final DatabaseRole NOTICES = new DatabaseRole("notices", Set.of(Group.WRITER, Group.PROJECTOR));

    public static final DatabaseRole RBAC = new DatabaseRole("rbac", Set.of(Group.PROJECTOR));

    /** Counts the events that were sent to the features' topics. */
    public static final DatabaseRole FANOUT = new DatabaseRole("fanout", Set.of(Group.PROJECTOR));

    /** Grows the ledger, signs its checkpoints, and appends who was given copies of it. */
    public static final DatabaseRole LEDGER = new DatabaseRole("ledger", Set.of(Group.WRITER, Group.PROJECTOR));

    /** Those that every installation has, whatever its features. */
    public static final List<DatabaseRole> STANDARD = List.of(
            OWNER, KEYRING, DECISIONS, RELAY, REPLAY, IDENTITY, ACCESS, ELEVATION, EGRESS, PROXY, VAULT, CONSENT, DSAR,
            RETENTION, NOTICES, RBAC, FANOUT, LEDGER);

    public DatabaseRole {
        if (!name.matches("[a-z]{1,40}")) {
            throw new IllegalArgumentException("a database role's name has 1 to 40 letters from a to z, not: " + name);
        }
        for (Group group : Group.values()) {
            if (group.roleName().equals(PREFIX + name)) {
                throw new IllegalArgumentException(name + " is the name of a group");
            }
        }
        groups = Set.copyOf(groups);
    }

    private DatabaseRole(String name) {
        this(name, Set.of());
    }

    /** The role's name in PostgreSQL, e.g. {@code chancery_identity}. */
    public String roleName() {
        return PREFIX + name;
    }
}
