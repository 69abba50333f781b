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

    /** Selects events and their records in an order that keeps a record's events together; conditions follow. */
    static String selectIn(String order) {
        return """
                SELECT e.stream, e.version, e.type, e.ordinal, e.position,
                       CASE WHEN lag(e.position) OVER (ORDER BY %s) = e.position THEN NULL ELSE r.record END
                FROM log.event e JOIN log.record r ON r.tenant = e.tenant AND r.position = e.position
                WHERE """.formatted(order);
    }

    /** The event of the row that the result stands on; rows are read in order, all of them. */
    StoredEvent read(ResultSet row) throws SQLException {
        byte[] bytes = row.getBytes(6);
        StoredRecord current = bytes == null ? record : StoredRecord.parse(bytes);
        if (current == null) {
            throw new IllegalStateException("the first row has its record");
        }
        if (current != record) {
            record = current;
            entryId = current.entryId();
        }
        return new StoredEvent(
                row.getString(3), current.bodies().get(row.getInt(4)), row.getLong(5), row.getLong(2), entryId);
    }
}
