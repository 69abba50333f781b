package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * The versions of an organisation's key, each of which wraps keys of its subjects, and the key of its keyed hashes: the newest those that are
 * made or rewrapped. They turn for erasures, by {@link Eraser}, and because somebody asks. What is sealed stays as it is, and hashes too.
 *
 * <p>All methods throw {@link dev.chancery.database.DatabaseUnavailable} when PostgreSQL can't be asked, and {@link SealerUnusable} when the
 * sealer can't be used.
 *
 * <p><b>Thread safety:</b> safe, in several processes too.
 */
public final class OrganisationKeys {
    /** Versions of one organisation's key that are there when one is asked for: each is unwrapped whenever they are read. Erasures make theirs anyway. */
    public static final int MAX_VERSIONS = 10;

    private final Database database;
    private final TenantKeys tenants;
    private final SubjectKeys subjects;

    /**
     * A version that is not destroyed.
     *
     * @param wraps keys of subjects, each in its version
     */
    public record Version(int version, boolean current, Instant madeAt, long wraps) {}

    OrganisationKeys(Database database, TenantKeys tenants, SubjectKeys subjects) {
        this.database = database;
        this.tenants = tenants;
        this.subjects = subjects;
    }

    /**
     * Makes a version, which wraps from now on. What older ones wrap stays as it is. One that was asked for and is not recorded is not made
     * again: a process died before it could say so.
     *
     * @param recorded the newest version that is recorded as asked for; 0: there is none
     * @return the current version; empty: there are {@link #MAX_VERSIONS} that are not destroyed
     */
    public OptionalInt rotate(String tenant, int recorded) {
        return tenants.rotate(tenant, recorded, MAX_VERSIONS);
    }

    /**
     * Brings subjects' keys under the current version; what they seal stays as it is.
     *
     * @return how many it was; fewer than {@code atMost}: there are no more that nobody else works on
     */
    public int rewrap(String tenant, int atMost) {
        int done = 0;
        int batch;
        int size;
        do {
            size = Math.min(Eraser.BATCH, atMost - done);
            batch = subjects.rewrap(tenant, size);
            done += batch;
        } while (batch == size && done < atMost);
        return done;
    }

    /** The versions that are not destroyed, the oldest first, and exactly how many keys each wraps. */
    public List<Version> census(String tenant) {
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            try (var select = connection.prepareStatement("""
                    SELECT version, state = 'CURRENT', created_at, (SELECT count(*) FROM keyring.subject_key s
                        WHERE s.tenant = t.tenant AND s.wrapped_by = t.version)
                    FROM keyring.tenant_key t WHERE tenant = ? AND state <> 'DESTROYED' ORDER BY version""")) {
                select.setString(1, tenant);
                List<Version> versions = new ArrayList<>();
                try (var rows = select.executeQuery()) {
                    while (rows.next()) {
                        versions.add(new Version(
                                rows.getInt(1),
                                rows.getBoolean(2),
                                rows.getObject(3, OffsetDateTime.class).toInstant(),
                                rows.getLong(4)));
                    }
                }
                return versions;
            }
        });
    }

    /**
     * Destroys this version and older ones in the database, for ever, unless one wraps something still. A copy of the database brings its own,
     * sealed by the sealer's ring. Destroyed already: nothing.
     *
     * @return whether they are destroyed now; false: it is current, or one wraps something
     */
    public boolean retire(String tenant, int version) {
        tenants.forget(tenant);
        return version < tenants.current(tenant).version() && tenants.destroyBefore(tenant, version + 1);
    }
}
