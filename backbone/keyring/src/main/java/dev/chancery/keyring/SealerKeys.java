package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * The versions of one of the sealer's rings, each of which seals keys: the newest those that are made or sealed anew. The ring that seals
 * organisations' keys turns for erasures, by {@link Eraser}, and both because the installation's owner asks.
 *
 * <p>A version that seals nothing any more can be retired: nobody seals by it again, and PostgreSQL sees to that. It still opens older copies of
 * the database, until it is destroyed: a horizon later, or at once where somebody may know it.
 *
 * <p>All methods throw {@link DatabaseUnavailable} when PostgreSQL can't be asked, and {@link SealerUnusable} when the ring can't be used or
 * changed.
 *
 * <p><b>Thread safety:</b> safe, in several processes too that have the same sealer.
 */
public final class SealerKeys {
    /**
     * Versions that were asked for and are not destroyed. Erasures make about ten in a horizon, and a key file has room for {@link
     * KeyFile#MAX_RING}.
     */
    public static final int MAX_ASKED = 5;

    private static final String ALL_TENANTS = "*";
    private static final Logger LOG = Logger.getLogger(SealerKeys.class);

    private final Database database;
    private final Sealer sealer;
    private final Sealer.Ring ring;
    private final Of of;

    /** Which ring it is: where PostgreSQL has what is noted of it, and what it seals. */
    enum Of {
        ORGANISATIONS(
                "keyring",
                "keyring.tenant_key WHERE state <> 'DESTROYED'",
                "keyring.tenant_key WHERE state <> 'DESTROYED'",
                List.of(SealedRows.ORGANISATIONS)),
        /** Of other holders' rows it knows the number; they seal them anew themselves, see {@link FollowedRing}. */
        INSTALLATION(
                "signing",
                "signing.sealed WHERE true",
                // Its own keys that sign are what the role sees, and environments' keys are the vault's, in the core.
                "(SELECT sealed_by FROM signing.private_key WHERE state <> 'DESTROYED' UNION ALL"
                        + " SELECT sealed_by FROM signing.sealed WHERE key LIKE 'environment\\_key/%') AS own",
                List.of(SealedRows.signing(DatabaseRole.KEYRING), SealedRows.ENVIRONMENTS));

        private final String schema;
        private final String sealed;
        private final String own;
        private final List<SealedRows> rows;

        Of(String schema, String sealed, String own, List<SealedRows> rows) {
            this.schema = schema;
            this.sealed = sealed;
            this.own = own;
            this.rows = rows;
        }

        private Sealer.Ring ring(Sealer sealer) {
            return this == INSTALLATION ? sealer.installationRing() : sealer.ring();
        }
    }

    /**
     * A version that is not destroyed.
     *
     * @param newest whether it seals what is made now
     * @param seals keys, in all their versions that are not destroyed
     * @param madeAt empty: it is the first, or the process that made it died
     * @param retiredAt since when nobody seals by it; empty: it is not retired
     */
    public record Version(
            int version, boolean newest, long seals, Optional<Instant> madeAt, Optional<Instant> retiredAt) {}

    private record Noted(Instant madeAt, boolean asked, Optional<Instant> olderRetiredAt) {}

    SealerKeys(Database database, Sealer sealer, Of of) {
        this.database = database;
        this.sealer = sealer;
        this.ring = of.ring(sealer);
        this.of = of;
    }

    /**
     * Makes a version, which seals from now on. What older ones sealed stays as it is. One that was asked for and is not recorded is not made
     * again: a process died before it could say so.
     *
     * @param recorded the newest version that is recorded as asked for; 0: there is none
     * @return the newest version; empty: there are {@link #MAX_ASKED} that were asked for and are not destroyed
     */
    public OptionalInt rotate(int recorded) {
        return locked(connection -> {
            SortedMap<Integer, Noted> noted = refreshed(connection);
            int newest = ring.newest();
            Noted last = noted.get(newest);
            if (newest > Math.max(recorded, 1) && (last == null || last.asked())) {
                // Not noted: whoever made it died before that, or somebody turned the engine by hand.
                note(connection, newest, true);
                return OptionalInt.of(newest);
            }
            long asked = noted.entrySet().stream()
                    .filter(each -> each.getValue().asked() && ring.versions().contains(each.getKey()))
                    .count();
            if (asked >= MAX_ASKED) {
                return OptionalInt.empty();
            }
            ring.add(next(noted, newest + 1));
            note(connection, ring.newest(), true);
            LOG.infof("Ring version made ring=%s version=%d", of, ring.newest());
            return OptionalInt.of(ring.newest());
        });
    }

    /** Makes a version for an erasure. A process that dies between the two makes no other: the next finds this one, and notes it. */
    void make(int version) {
        locked(connection -> {
            ring.add(next(refreshed(connection), version));
            note(connection, ring.newest(), false);
            return true;
        });
    }

    /** One that was noted and that the sealer has lost, before it sealed anything, leaves its number free: it may be in some copy still. */
    private int next(SortedMap<Integer, Noted> noted, int version) {
        return noted.isEmpty() || noted.lastKey() <= ring.newest() ? version : Math.max(version, noted.lastKey() + 1);
    }

    /** @throws SealerOutdated if the sealer is older than the keys: it would make another key under the number of one that they need */
    private SortedMap<Integer, Noted> refreshed(Connection connection) throws SQLException {
        ring.refresh();
        try (var select = connection.prepareStatement("SELECT coalesce(max(sealed_by), 1) FROM " + of.own);
                var found = select.executeQuery()) {
            found.next();
            if (found.getInt(1) > ring.newest()) {
                throw new SealerOutdated(of, ring.newest(), found.getInt(1));
            }
        }
        return noted(connection);
    }

    /** Says, too, which sealer has the version: whoever shares it makes none in it. */
    private void note(Connection connection, int version, boolean asked) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO " + of.schema
                        + ".ring_version (version, asked) VALUES (?, ?) ON CONFLICT DO NOTHING");
                var update = connection.prepareStatement("UPDATE " + of.schema + ".ring SET sealer = ?")) {
            insert.setInt(1, version);
            insert.setBoolean(2, asked);
            insert.executeUpdate();
            update.setString(1, FollowedRing.nameOf(sealer));
            update.executeUpdate();
        }
    }

    /**
     * Seals keys by the newest version; the keys stay what they are.
     *
     * @return how many it was; fewer than {@code atMost}: there are no more that nobody else works on
     */
    public int reseal(int atMost) {
        noteNewest();
        int done = 0;
        for (SealedRows each : of.rows) {
            done += each.reseal(database, ring, atMost - done);
        }
        return done;
    }

    /** What seals is noted: one that was made by a process which died before that is, too. */
    private void noteNewest() {
        locked(connection -> {
            if (!refreshed(connection).containsKey(ring.newest()) && ring.newest() > 1) {
                note(connection, ring.newest(), true);
            }
            return true;
        });
    }

    /**
     * Has nobody seal by this version or an older one again, unless one seals something still. They open older copies of the database until they
     * are destroyed.
     *
     * @return whether it is so now; false: it is the newest, or seals something
     */
    public boolean retire(int version) {
        ring.refresh();
        return version < ring.newest() && retireBefore(version + 1, true);
    }

    /** @param asked whether a version that nobody noted was made because somebody asked */
    boolean retireBefore(int version, boolean asked) {
        return locked(connection -> {
            try (var update =
                            connection.prepareStatement("UPDATE " + of.schema + ".ring SET oldest = greatest(oldest, ?)"
                                    + " WHERE NOT EXISTS (SELECT FROM " + of.sealed + " AND sealed_by < ?)");
                    var note = connection.prepareStatement(
                            "INSERT INTO " + of.schema + ".ring_version (version, asked, older_retired_at)"
                                    + " VALUES (?, ?, now()) ON CONFLICT (version) DO UPDATE"
                                    + " SET older_retired_at = coalesce(ring_version.older_retired_at, now())")) {
                update.setInt(1, version);
                update.setInt(2, version);
                if (update.executeUpdate() == 0) {
                    return false;
                }
                note.setInt(1, version);
                note.setBoolean(2, asked);
                note.executeUpdate();
                return true;
            }
        });
    }

    /** Destroys what was retired so long ago, for ever. Copies of the database that it sealed open no more. */
    public void destroyRetired(Duration ago) {
        int next = database.inTenant(DatabaseRole.KEYRING, ALL_TENANTS, connection -> {
            try (var select = connection.prepareStatement("SELECT coalesce(max(version), 0) FROM " + of.schema
                    + ".ring_version WHERE older_retired_at <= now() - ? * interval '1 millisecond'")) {
                select.setLong(1, ago.toMillis());
                try (var found = select.executeQuery()) {
                    found.next();
                    return found.getInt(1);
                }
            }
        });
        destroyOlder(next);
    }

    /** Destroys this version and older ones at once, for ever, of those that are retired. Destroyed already: nothing. */
    public void destroyThrough(int version) {
        int oldest = database.inTenant(DatabaseRole.KEYRING, ALL_TENANTS, connection -> {
            try (var select = connection.prepareStatement("SELECT oldest FROM " + of.schema + ".ring");
                    var found = select.executeQuery()) {
                found.next();
                return found.getInt(1);
            }
        });
        destroyOlder(Math.min(oldest, version + 1));
    }

    private void destroyOlder(int version) {
        if (!ring.versions().headSet(version).isEmpty()) {
            destroyBefore(version);
        }
    }

    /** Whoever else has a sealer of its own is told first: a process that dies before its own ring is changed finds the older versions there. */
    void destroyBefore(int version) {
        locked(connection -> {
            var _ = refreshed(connection);
            if (version > ring.newest()) {
                throw new SealerOutdated(of, ring.newest(), version);
            }
            try (var update = connection.prepareStatement(
                    "UPDATE " + of.schema + ".ring SET destroyed_before = greatest(destroyed_before, ?)")) {
                update.setInt(1, version);
                return update.executeUpdate() == 1;
            }
        });
        locked(connection -> {
            ring.destroyBefore(version);
            return true;
        });
        LOG.infof("Ring versions destroyed ring=%s before=%d", of, version);
    }

    /** The versions that are not destroyed, the oldest first, and exactly how many keys each seals. */
    public List<Version> census() {
        ring.refresh();
        return database.inTenant(DatabaseRole.KEYRING, ALL_TENANTS, connection -> {
            SortedMap<Integer, Noted> noted = noted(connection);
            Map<Integer, Long> seals = new TreeMap<>();
            try (var select = connection.prepareStatement(
                            "SELECT sealed_by, count(*) FROM " + of.sealed + " GROUP BY sealed_by");
                    var rows = select.executeQuery()) {
                while (rows.next()) {
                    seals.put(rows.getInt(1), rows.getLong(2));
                }
            }
            List<Version> versions = new ArrayList<>();
            for (int version : ring.versions()) {
                versions.add(new Version(
                        version,
                        version == ring.newest(),
                        seals.getOrDefault(version, 0L),
                        Optional.ofNullable(noted.get(version)).map(Noted::madeAt),
                        noted.tailMap(version + 1).values().stream()
                                .flatMap(newer -> newer.olderRetiredAt().stream())
                                .min(Instant::compareTo)));
            }
            return versions;
        });
    }

    private SortedMap<Integer, Noted> noted(Connection connection) throws SQLException {
        SortedMap<Integer, Noted> noted = new TreeMap<>();
        try (var select = connection.prepareStatement(
                        "SELECT version, made_at, asked, older_retired_at FROM " + of.schema + ".ring_version");
                var rows = select.executeQuery()) {
            while (rows.next()) {
                noted.put(
                        rows.getInt(1),
                        new Noted(
                                rows.getObject(2, OffsetDateTime.class).toInstant(),
                                rows.getBoolean(3),
                                Optional.ofNullable(rows.getObject(4, OffsetDateTime.class))
                                        .map(OffsetDateTime::toInstant)));
            }
        }
        return noted;
    }

    /** How long ago the newest version was made for an erasure: what is asked for in between holds up none. Empty: none was. */
    Optional<Duration> sinceMade() {
        return age(noted -> noted.values().stream()
                .filter(each -> !each.asked())
                .map(Noted::madeAt)
                .max(Instant::compareTo));
    }

    /** For how long nothing has been sealed by a version before this one; empty: something may be, as far as is noted. */
    Optional<Duration> sinceRetiredBefore(int version) {
        return age(noted -> noted.tailMap(version).values().stream()
                .flatMap(each -> each.olderRetiredAt().stream())
                .min(Instant::compareTo));
    }

    /** By PostgreSQL's clock, which made the notes. */
    private Optional<Duration> age(Function<SortedMap<Integer, Noted>, Optional<Instant>> of) {
        return database.inTenant(DatabaseRole.KEYRING, ALL_TENANTS, connection -> {
            Optional<Instant> then = of.apply(noted(connection));
            try (var select = connection.prepareStatement("SELECT now()");
                    var now = select.executeQuery()) {
                now.next();
                Instant instant = now.getObject(1, OffsetDateTime.class).toInstant();
                return then.map(each -> Duration.between(each, instant));
            }
        });
    }

    /** Runs a change of the ring while nobody else changes it or seals by it. */
    private <T> T locked(Database.Work<T> change) {
        return database.inTenant(DatabaseRole.KEYRING, ALL_TENANTS, connection -> {
            lock(connection, of);
            return change.run(connection);
        });
    }

    static void lock(Connection connection, Of of) throws SQLException {
        try (var lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 2))")) {
            lock.setString(1, of.schema);
            lock.executeQuery().close();
        }
    }
}
