package dev.chancery.database;

import java.util.Locale;

/** The roles that Chancery's processes sign in to PostgreSQL as. None is a superuser and none bypasses row-level security. */
public enum DatabaseRole {
    /** Owns the schemas and runs migrations; serves no request. */
    OWNER,
    IDENTITY,
    ACCESS,
    KEYRING,
    RBAC,
    /** Reads a tenant's log, to decide who may do what, in processes that have no feature's role. */
    DECISIONS,
    LEDGER,
    /** Reads the log of all tenants and its write-ahead log; writes nothing but its own progress. */
    RELAY,
    /** Rebuilds views and ledger in schemas of its own and reads the live ones, to compare. */
    REPLAY;

    /** The role's name in PostgreSQL, e.g. {@code chancery_identity}. */
    public String roleName() {
        return "chancery_" + name().toLowerCase(Locale.ROOT);
    }
}
