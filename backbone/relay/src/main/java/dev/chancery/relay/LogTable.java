package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.log.StoppedLogs;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The log as PostgreSQL has it, which is the truth. Reads every tenant's records, by a policy for the relay's role. */
final class LogTable {
    /** Rows that the driver takes from the server at once, so that {@code maxBytes} bounds memory. */
    private static final int FETCH_ROWS = 64;

    private final Database database;

    LogTable(Database database) {
        this.database = database;
    }

    /** The last position of each tenant's log, the stopped ones left out. */
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

    /** As {@link #lastPositions}, of all logs; those without a record are left out. */
    Map<String, Long> ends() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var last = new TreeMap<String, Long>();
            try (var query = connection.prepareStatement(
                            "SELECT tenant, next_position - 1 FROM log.head WHERE next_position > 0");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    last.put(rows.getString(1), rows.getLong(2));
                }
            }
            return last;
        });
    }

    /**
     * Consecutive records from {@code from} to at most {@code to}: as many as the limits allow, at least one, and none where the log has
     * none at {@code from}.
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

    /** The records at these positions; positions that the log hasn't are left out. */
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

    /** Stops a tenant's appends: two different records were seen at {@code position}, or one that contradicts its row. */
    void stop(String tenant, long position) {
        StoppedLogs.stop(database, tenant, position);
    }

    /** The tenants whose logs were stopped, now or before. */
    Set<String> stopped() {
        return StoppedLogs.tenants(database);
    }
}
