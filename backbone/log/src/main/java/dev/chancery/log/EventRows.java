package dev.chancery.log;

import dev.chancery.log.Streams.StoredEvent;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes events of rows. A record that carries many events in a row travels, and is parsed, once. */
final class EventRows {
    private @Nullable StoredRecord record;
    private UUID entryId = new UUID(0, 0);

    /**
     * Selects events and their records in an order that keeps a record's events together; a source {@code e} and conditions follow.
     *
     * <p>Each record is looked up by its key. A join leaves PostgreSQL the choice to read all of a tenant's records instead, which it
     * makes while the log is short, and keeps to when it is long.
     */
    static String selectIn(String order) {
        return "SELECT e.stream, e.version, e.type, e.ordinal, e.position,"
                + " CASE WHEN lag(e.position) OVER (ORDER BY " + order + ") = e.position THEN NULL ELSE"
                + " (SELECT r.record FROM log.record r WHERE r.tenant = e.tenant AND r.position = e.position) END";
    }

    /** The event of the row that the result stands on; rows are read in order, all of them. */
    StoredEvent read(ResultSet row) throws SQLException {
        byte[] bytes = row.getBytes(6);
        if (bytes != null) {
            record = StoredRecord.parse(bytes);
            entryId = record.entryId();
        }
        if (record == null || record.entry().statement().getPosition() != row.getLong(5)) {
            throw new IllegalStateException("an event has no record");
        }
        return new StoredEvent(
                row.getString(3), record.bodies().get(row.getInt(4)), row.getLong(5), row.getLong(2), entryId);
    }
}
