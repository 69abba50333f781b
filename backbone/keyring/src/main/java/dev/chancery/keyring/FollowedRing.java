package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import org.jboss.logging.Logger;

/**
 * Has the installation's ring of a process's own sealer be as PostgreSQL says that it is: the ledger and the proxy may have sealers of their own, and
 * hold keys that sign. {@link SealerKeys} turns the ring, in the core; where all have one sealer, there is nothing left to do but to seal their keys
 * anew.
 *
 * <p><b>Thread safety:</b> safe, in several processes too.
 */
public final class FollowedRing {
    private static final Logger LOG = Logger.getLogger(FollowedRing.class);

    private final Database database;
    private final Sealer.Ring ring;

    private record Noted(int newest, int destroyedBefore, int sealing) {}

    public FollowedRing(Database database, Sealer sealer) {
        this.database = database;
        this.ring = sealer.installationRing();
    }

    /**
     * Makes the version that the core has made, seals the holder's keys by it, and destroys what the core has destroyed. Nothing to do: it reads three numbers.
     *
     * @param holder of keys that sign, other than the core
     * @throws SealerUnusable if the ring can't be changed, or is older than the keys; then the core's count of what older versions seal stays above zero
     */
    public void follow(DatabaseRole holder) {
        Noted noted = database.transaction(holder, FollowedRing::noted);
        if (noted.newest() > ring.newest()) {
            database.transaction(holder, connection -> {
                SealerKeys.lock(connection, SealerKeys.Of.INSTALLATION);
                ring.refresh();
                if (noted.sealing() > ring.newest()) {
                    throw new SealerOutdated(SealerKeys.Of.INSTALLATION, ring.newest(), noted.sealing());
                }
                for (int version = ring.newest() + 1; version <= noted.newest(); version++) {
                    ring.add(version);
                }
                return true;
            });
            LOG.infof("Ring version made ring=%s version=%d", SealerKeys.Of.INSTALLATION, ring.newest());
        }
        if (noted.newest() > 1) {
            SealedRows.signing(holder).reseal(database, ring, Integer.MAX_VALUE);
        }
        if (!ring.versions().headSet(noted.destroyedBefore()).isEmpty()) {
            database.transaction(holder, connection -> {
                SealerKeys.lock(connection, SealerKeys.Of.INSTALLATION);
                ring.destroyBefore(noted.destroyedBefore());
                return true;
            });
            LOG.infof("Ring versions destroyed ring=%s before=%d", SealerKeys.Of.INSTALLATION, noted.destroyedBefore());
        }
    }

    /** The version that seals what is made now. A process that has not seen it looks at its sealer again: whoever turns the ring waits for that. */
    static int newest(Connection connection, Sealer.Ring ring) throws SQLException {
        try (var select = connection.prepareStatement("SELECT coalesce(max(version), 1) FROM signing.ring_version");
                var found = select.executeQuery()) {
            found.next();
            if (found.getInt(1) > ring.newest()) {
                ring.refresh();
            }
            return ring.newest();
        }
    }

    private static Noted noted(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement("SELECT (SELECT coalesce(max(version), 1) FROM"
                        + " signing.ring_version), destroyed_before, (SELECT coalesce(max(sealed_by), 1) FROM"
                        + " signing.private_key WHERE state <> 'DESTROYED') FROM signing.ring");
                var found = select.executeQuery()) {
            found.next();
            return new Noted(found.getInt(1), found.getInt(2), found.getInt(3));
        }
    }
}
