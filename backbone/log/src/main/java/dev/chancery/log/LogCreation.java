package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.List;

/** Begins logs, and tells which have begun. Only identity's role may. */
public final class LogCreation {
    private final Database database;
    private final DatabaseRole role;

    public LogCreation(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    /** Makes an empty log for a tenant; there already: nothing happens. Position 0 is the next append's. */
    public void begin(String tenant) {
        database.inTenant(role, tenant, connection -> {
            try (var insert =
                    connection.prepareStatement("INSERT INTO log.head (tenant, next_position, recorded_at_micros)"
                            + " VALUES (?, 0, 0) ON CONFLICT DO NOTHING")) {
                insert.setString(1, tenant);
                return insert.executeUpdate();
            }
        });
    }

    /** The number of records in a tenant's log; -1 when it has not begun. */
    public long size(String tenant) {
        return database.inTenant(role, tenant, connection -> {
            try (var query = connection.prepareStatement("SELECT next_position FROM log.head WHERE tenant = ?")) {
                query.setString(1, tenant);
                try (var row = query.executeQuery()) {
                    return row.next() ? row.getLong(1) : -1L;
                }
            }
        });
    }

    /**
     * The streams of a tenant whose names begin with {@code prefix}, at most {@code limit}, after {@code after}.
     *
     * @param after begins with the prefix, or is empty
     */
    public List<String> streams(String tenant, String prefix, String after, int limit) {
        return database.inTenant(role, tenant, connection -> {
            try (var query = connection.prepareStatement("SELECT stream FROM log.stream_head"
                    + " WHERE tenant = ? AND stream > ? AND stream < ? ORDER BY stream LIMIT ?")) {
                query.setString(1, tenant);
                query.setString(2, after.isEmpty() ? prefix : after);
                query.setString(3, following(prefix));
                query.setInt(4, limit);
                var streams = new java.util.ArrayList<String>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        streams.add(rows.getString(1));
                    }
                }
                return streams;
            }
        });
    }

    /** What comes right after all that begins with a prefix, so that the other streams of the tenant are not looked at. */
    private static String following(String prefix) {
        int last = prefix.length() - 1;
        return prefix.substring(0, last) + (char) (prefix.charAt(last) + 1);
    }
}
