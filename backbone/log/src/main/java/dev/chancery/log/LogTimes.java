package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.OptionalLong;

/** When a log's records were made. Time never falls from one record to the next, so that a moment is found by halving. */
public final class LogTimes {
    private final Database database;
    private final DatabaseRole role;

    public LogTimes(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    /** When the record at a position was made, Unix time in microseconds; empty where the log has no such position. */
    public OptionalLong recordedAtMicros(String tenant, long position) {
        return database.inTenant(role, tenant, connection -> recordedAtMicros(connection, tenant, position));
    }

    /** The position of the last record that was made at a moment or before it; empty where the log began later, or there is none. */
    public OptionalLong lastUpTo(String tenant, long atMicros) {
        return database.inTenant(role, tenant, connection -> {
            long later = size(connection, tenant);
            long upTo = -1;
            while (later - upTo > 1) {
                long middle = upTo + (later - upTo) / 2;
                if (recordedAtMicros(connection, tenant, middle).orElseThrow() <= atMicros) {
                    upTo = middle;
                } else {
                    later = middle;
                }
            }
            return upTo < 0 ? OptionalLong.empty() : OptionalLong.of(upTo);
        });
    }

    private static long size(Connection connection, String tenant) throws SQLException {
        try (var head = connection.prepareStatement("SELECT next_position FROM log.head WHERE tenant = ?")) {
            head.setString(1, tenant);
            try (var row = head.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }

    private static OptionalLong recordedAtMicros(Connection connection, String tenant, long position)
            throws SQLException {
        try (var query =
                connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? AND position = ?")) {
            query.setString(1, tenant);
            query.setLong(2, position);
            try (var row = query.executeQuery()) {
                return row.next()
                        ? OptionalLong.of(StoredRecord.parse(row.getBytes(1))
                                .entry()
                                .statement()
                                .getRecordedAtMicros())
                        : OptionalLong.empty();
            }
        }
    }
}
