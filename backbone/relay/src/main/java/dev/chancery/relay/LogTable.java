package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The log as PostgreSQL has it: the truth. Reads every tenant's, by a policy for the relay's role. */
final class LogTable {
    /** Rows that the driver takes from the server at once, so that {@code maxBytes} bounds memory. */
    private static final int FETCH_ROWS = 64;

    private final Database database;

    LogTable(Database database) {
        this.database = database;
    }

    /** The tenants whose logs are stopped by a fork. */
    Set<String> forked() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var forked = new HashSet<String>();
            try (var query = connection.prepareStatement("SELECT tenant FROM log.head WHERE forked_at IS NOT NULL");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    forked.add(rows.getString(1));
                }
            }
            return forked;
        });
    }

    /** The last position of each tenant's log, the forked ones left out. */
    Map<String, Long> lastPositions() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var last = new HashMap<String, Long>();
            try (var query = connection.prepareStatement(
                            "SELECT tenant, next_position - 1 FROM log.head WHERE forked_at IS NULL");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    last.put(rows.getString(1), rows.getLong(2));
                }
            }
            return last;
        });
    }

    /**
     * Consecutive records from {@code from} to at most {@code to}, as many as the limits allow and at least one; none where there is none
     * at {@code from}.
     */
    List<CommittedRecord> read(String tenant, long from, long to, int maxRows, int maxBytes) {
        return database.transaction(
                DatabaseRole.RELAY, connection -> read(connection, tenant, from, to, maxRows, maxBytes));
    }

    private static List<CommittedRecord> read(
            Connection connection, String tenant, long from, long to, int maxRows, int maxBytes) throws SQLException {
        var found = new ArrayList<CommittedRecord>();
        try (var query = connection.prepareStatement("SELECT position, record FROM log.record"
                + " WHERE tenant = ? AND position BETWEEN ? AND ? ORDER BY position LIMIT ?")) {
            query.setFetchSize(FETCH_ROWS);
            query.setString(1, tenant);
            query.setLong(2, from);
            query.setLong(3, to);
            query.setInt(4, maxRows);
            int bytes = 0;
            try (var rows = query.executeQuery()) {
                while (bytes < maxBytes && rows.next()) {
                    var row = new CommittedRecord(tenant, rows.getLong(1), rows.getBytes(2));
                    if (row.position() != from + found.size()) {
                        break;
                    }
                    found.add(row);
                    bytes += row.record().length;
                }
            }
        }
        return found;
    }

    /** The records at these positions; those that the log hasn't are left out. */
    Map<Long, byte[]> at(String tenant, Collection<Long> positions) {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var found = new HashMap<Long, byte[]>();
            try (var query = connection.prepareStatement(
                    "SELECT position, record FROM log.record WHERE tenant = ? AND position = ANY (?)")) {
                query.setString(1, tenant);
                query.setArray(2, connection.createArrayOf("bigint", positions.toArray()));
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        found.put(rows.getLong(1), rows.getBytes(2));
                    }
                }
            }
            return found;
        });
    }

    /** Stops a tenant's appends: two different records were seen at {@code position}. */
    void markForked(String tenant, long position) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var update = connection.prepareStatement(
                    "UPDATE log.head SET forked_at = ? WHERE tenant = ? AND forked_at IS NULL")) {
                update.setLong(1, position);
                update.setString(2, tenant);
                return update.executeUpdate();
            }
        });
    }
}
