package dev.chancery.notes;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.notes.v1.NotePinned;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** Lists each organisation's notes. */
record NotesProjection(String schema, DatabaseRole role) implements Projection {
    @Override
    public String name() {
        return "notes";
    }

    @Override
    public List<String> tables() {
        return List.of("note");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO " + schema + ".note VALUES (?, ?, ?, ?)")) {
            for (LogRecord record : run) {
                for (LogEvent event : record.events()) {
                    if (event.type().equals("chancery.notes.v1.NotePinned")) {
                        NotePinned pinned = read(event);
                        insert.setString(1, tenant);
                        insert.setObject(2, UUID.fromString(pinned.getNoteId()));
                        insert.setString(3, pinned.getTitle());
                        insert.setLong(4, event.position());
                        insert.addBatch();
                    }
                }
            }
            insert.executeBatch();
        }
    }

    private static NotePinned read(LogEvent event) {
        try {
            return NotePinned.parseFrom(event.body());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an event in the log does not parse", e);
        }
    }
}
