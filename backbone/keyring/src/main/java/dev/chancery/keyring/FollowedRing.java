package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import org.jboss.logging.Logger;

/**
 * Has the installation's ring of a process's own sealer be as PostgreSQL says that it is: the ledger and the proxy may have sealers of their own, and
 * hold keys that sign. {@link SealerKeys} turns the ring, in the core; where a holder has the core's sealer, there is nothing left to do but to seal
 * its keys anew.
 *
 * <p>All methods throw {@link SealerUnusable} if the ring can't be changed, or is older than the keys. Then the core's count of what older versions
 * seal stays above zero.
 *
 * <p><b>Thread safety:</b> safe, in several processes too.
 */
public final class FollowedRing {
    private static final Logger LOG = Logger.getLogger(FollowedRing.class);
    private static final String NAME = "installation-ring/sealer";

    private final Database database;
    private final Sealer sealer;
    private final Sealer.Ring ring;

    /** @param sealer the core's, which made the newest; empty: none was made */
    private record Noted(int newest, int destroyedBefore, String sealer) {}

    public FollowedRing(Database database, Sealer sealer) {
        this.database = database;
        this.sealer = sealer;
        this.ring = sealer.installationRing();
    }

    /** Tells one sealer from another, and opens nothing. */
    static String nameOf(Sealer sealer) {
        return sealer.derive(NAME);
    }

    /**
     * Makes the versions that the core has made, in this holder's sealer, and destroys those that are to be gone. Keys that are withdrawn need none of
     * what the sealer may have lost, so that withdrawing them is the way out where it is lost.
     *
     * @param holder of keys that sign, other than the core
     */
    public void catchUp(DatabaseRole holder) {
        Noted noted = database.transaction(holder, FollowedRing::noted);
        if (noted.newest() > ring.newest()) {
            ring.refresh();
        }
        if (noted.newest() > ring.newest()) {
            if (noted.sealer().equals(nameOf(sealer))) {
                throw new SealerOutdated(SealerKeys.Of.INSTALLATION, ring.newest(), noted.newest());
            }
            database.transaction(holder, connection -> {
                SealerKeys.lock(connection, SealerKeys.Of.INSTALLATION);
                make(noted, needed(connection));
                return true;
            });
        }
        destroy(holder, noted.destroyedBefore());
    }

    private void make(Noted noted, int needed) {
        ring.refresh();
        if (needed > ring.newest()) {
            throw new SealerOutdated(SealerKeys.Of.INSTALLATION, ring.newest(), needed);
        }
        for (int version = ring.newest() + 1; version <= noted.newest(); version++) {
            ring.add(version);
            LOG.infof("Ring version made ring=%s version=%d", SealerKeys.Of.INSTALLATION, version);
            // A ring that has much to catch up has no room for all at once.
            int gone = Math.min(version, noted.destroyedBefore());
            if (!ring.versions().headSet(gone).isEmpty()) {
                ring.destroyBefore(gone);
            }
        }
    }

    /** The newest version that seals a key of the holder's which is not withdrawn. */
    private static int needed(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement(
                        "SELECT coalesce(max(sealed_by), 1) FROM signing.private_key"
                                + " JOIN signing.key USING (name, key_id) WHERE state <> 'DESTROYED' AND verifies_until IS NULL");
                var found = select.executeQuery()) {
            found.next();
            return found.getInt(1);
        }
    }

    private void destroy(DatabaseRole holder, int before) {
        if (ring.versions().headSet(before).isEmpty()) {
            return;
        }
        // Whoever shares the sealer may have done it.
        ring.refresh();
        if (ring.versions().headSet(before).isEmpty()) {
            return;
        }
        if (before > ring.newest()) {
            throw new SealerOutdated(SealerKeys.Of.INSTALLATION, ring.newest(), before);
        }
        database.transaction(holder, connection -> {
            SealerKeys.lock(connection, SealerKeys.Of.INSTALLATION);
            ring.destroyBefore(before);
            return true;
        });
        LOG.infof("Ring versions destroyed ring=%s before=%d", SealerKeys.Of.INSTALLATION, before);
    }

    /** Seals the holder's keys by the newest version; after {@link #catchUp}, and after what was withdrawn has ended. */
    public void reseal(DatabaseRole holder) {
        if (ring.newest() > 1) {
            SealedRows.signing(holder).reseal(database, ring, Integer.MAX_VALUE);
        }
    }

    /** The version that seals what is made now. A process that has not seen it looks at its sealer again: whoever turns the ring waits for that. */
    static int newest(Connection connection, Sealer.Ring ring) throws SQLException {
        if (noted(connection).newest() > ring.newest()) {
            ring.refresh();
        }
        return ring.newest();
    }

    private static Noted noted(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement("SELECT (SELECT coalesce(max(version), 1) FROM"
                        + " signing.ring_version), destroyed_before, sealer FROM signing.ring");
                var found = select.executeQuery()) {
            found.next();
            return new Noted(found.getInt(1), found.getInt(2), found.getString(3));
        }
    }
}
