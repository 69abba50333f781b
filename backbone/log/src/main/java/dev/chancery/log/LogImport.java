package dev.chancery.log;

import com.google.protobuf.ByteString;
import dev.chancery.schema.EventHash;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Statement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Takes records that were published back into a log that has lost them: a database that was restored lacks what was appended after its backup.
 * They are stored byte for byte, at the positions that they were signed for, with all that follows from them alone: events, versions, open intents,
 * the head.
 *
 * <p><b>What does not follow from a record</b> and is not brought back: names that it claimed (keyed hashes are in no record) and receipts of
 * idempotency keys. A command that is repeated after the import happens again.
 *
 * <p>Whether a record is genuine is for the caller to check. Nothing else may append meanwhile. <b>Thread safety:</b> for one thread.
 */
public final class LogImport {
    private final Connection connection;

    /** Whether a record was taken. */
    public enum Result {
        TAKEN,
        /** The log has this record. */
        KNOWN,
        /** The log has another record at this position: it is the log of another history. */
        CONTRADICTS,
        /** The log lacks the record before this one. */
        AFTER_A_GAP,
        /** What it says of its events does not fit them or the log. */
        BROKEN
    }

    /** @param connection the superuser's: the policies that bind features to their own records don't bind it. Its transactions are the caller's. */
    public LogImport(Connection connection) {
        this.connection = connection;
    }

    /** The position after a log's last record; 0 where there is no log. */
    public long nextPosition(String tenant) throws SQLException {
        try (var query = connection.prepareStatement("SELECT next_position FROM log.head WHERE tenant = ?")) {
            query.setString(1, tenant);
            try (var row = query.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }

    /**
     * Takes a record, unless it does not come next.
     *
     * @param record as it was published
     */
    public Result take(String tenant, byte[] record) throws SQLException {
        StoredRecord stored = StoredRecord.parse(record);
        Statement statement = stored.entry().statement();
        long next = nextPosition(tenant);
        long position = statement.getPosition();
        if (position < next) {
            return Arrays.equals(at(tenant, position), record) ? Result.KNOWN : Result.CONTRADICTS;
        }
        if (position > next) {
            return Result.AFTER_A_GAP;
        }
        List<EventRef> events = statement.getOutcome().getEventsList();
        if (!fits(tenant, events, stored.bodies())) {
            return Result.BROKEN;
        }
        insert(tenant, statement, events, record);
        insert(tenant, position, events);
        intents(tenant, stored.entry(), statement);
        head(tenant, statement);
        return Result.TAKEN;
    }

    private byte[] at(String tenant, long position) throws SQLException {
        try (var query =
                connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? AND position = ?")) {
            query.setString(1, tenant);
            query.setLong(2, position);
            try (var row = query.executeQuery()) {
                return row.next() ? row.getBytes(1) : new byte[0];
            }
        }
    }

    /** The bodies are not signed: their hashes are. */
    private boolean fits(String tenant, List<EventRef> events, List<ByteString> bodies) throws SQLException {
        if (events.size() != bodies.size()) {
            return false;
        }
        Map<String, Long> versions = new LinkedHashMap<>();
        for (int i = 0; i < events.size(); i++) {
            EventRef event = events.get(i);
            Long before = versions.get(event.getStream());
            long expected = (before == null ? version(tenant, event.getStream()) : before) + 1;
            byte[] hash = EventHash.of(tenant, event.getStream(), event.getVersion(), event.getType(), bodies.get(i));
            if (event.getVersion() != expected || !Arrays.equals(event.getHash().toByteArray(), hash)) {
                return false;
            }
            versions.put(event.getStream(), expected);
        }
        return true;
    }

    private long version(String tenant, String stream) throws SQLException {
        try (var query =
                connection.prepareStatement("SELECT version FROM log.stream_head WHERE tenant = ? AND stream = ?")) {
            query.setString(1, tenant);
            query.setString(2, stream);
            try (var row = query.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }

    private void insert(String tenant, Statement statement, List<EventRef> events, byte[] record) throws SQLException {
        String types = events.stream().map(EventRef::getType).distinct().collect(Collectors.joining(" "));
        update(
                "INSERT INTO log.record (tenant, position, feature, event_types, record)"
                        + " VALUES (?, ?, ?, string_to_array(?, ' '), ?)",
                tenant,
                statement.getPosition(),
                statement.getFeature(),
                types,
                record);
    }

    private void insert(String tenant, long position, List<EventRef> events) throws SQLException {
        for (int ordinal = 0; ordinal < events.size(); ordinal++) {
            EventRef event = events.get(ordinal);
            update(
                    "INSERT INTO log.event (tenant, stream, version, position, ordinal, type) VALUES (?, ?, ?, ?, ?, ?)",
                    tenant,
                    event.getStream(),
                    event.getVersion(),
                    position,
                    ordinal,
                    event.getType());
            update(
                    "INSERT INTO log.stream_head (tenant, stream, version) VALUES (?, ?, ?)"
                            + " ON CONFLICT (tenant, stream) DO UPDATE SET version = excluded.version",
                    tenant,
                    event.getStream(),
                    event.getVersion());
        }
    }

    private void intents(String tenant, Entry entry, Statement statement) throws SQLException {
        if (statement.hasIntent()) {
            update(
                    "INSERT INTO log.open_intent (tenant, feature, position, deadline_micros, hash) VALUES (?, ?, ?, ?, ?)",
                    tenant,
                    statement.getFeature(),
                    statement.getPosition(),
                    statement.getIntent().getDeadlineMicros(),
                    entry.leafHash());
        } else if (statement.getOutcome().hasIntent()) {
            long intent = statement.getOutcome().getIntent().getPosition();
            // What it had reserved is free again: its receipt is in no record.
            update(
                    "DELETE FROM log.receipt WHERE tenant = ? AND key_hash = (SELECT key_hash FROM log.open_intent"
                            + " WHERE tenant = ? AND position = ?)",
                    tenant,
                    tenant,
                    intent);
            update("DELETE FROM log.open_intent WHERE tenant = ? AND position = ?", tenant, intent);
        }
    }

    private void head(String tenant, Statement statement) throws SQLException {
        update(
                "INSERT INTO log.head (tenant, next_position, recorded_at_micros) VALUES (?, 0, 0) ON CONFLICT DO NOTHING",
                tenant);
        update(
                "UPDATE log.head SET next_position = ?, recorded_at_micros = ? WHERE tenant = ?",
                statement.getPosition() + 1,
                statement.getRecordedAtMicros(),
                tenant);
    }

    private void update(String sql, Object... values) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                update.setObject(i + 1, values[i]);
            }
            update.executeUpdate();
        }
    }
}
