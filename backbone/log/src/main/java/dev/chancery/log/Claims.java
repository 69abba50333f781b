package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.StreamId;
import java.util.Optional;

/** Tells whose a name is, as of now. For the roles of features. */
public final class Claims {
    private final Database database;
    private final DatabaseRole role;

    public Claims(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    /** The stream that holds a name; empty when nobody does. */
    public Optional<StreamId> holder(String tenant, String kind, Digest hash) {
        return database.inTenant(role, tenant, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT stream FROM log.claim WHERE tenant = ? AND kind = ? AND hash = ?")) {
                query.setString(1, tenant);
                query.setString(2, kind);
                query.setBytes(3, hash.bytes());
                try (var row = query.executeQuery()) {
                    return row.next() ? Optional.of(new StreamId(row.getString(1))) : Optional.empty();
                }
            }
        });
    }

    /**
     * Lets go of all names of a principal that was erased: what tells, from a name, whose it is. For the eraser's role alone; whoever else
     * releases a name does so with a record.
     */
    public void forget(String tenant, StreamId principal) {
        database.inTenant(role, tenant, connection -> {
            try (var delete = connection.prepareStatement("DELETE FROM log.claim WHERE tenant = ? AND stream = ?")) {
                delete.setString(1, tenant);
                delete.setString(2, principal.value());
                return delete.executeUpdate();
            }
        });
    }
}
