package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How far each tenant's log has reached Kafka, kept in memory by the one relay that runs, and in {@code relay.progress} a little
 * behind: what is missing there is found again at the end of the topic.
 */
final class Progress {
    /** @param position everything up to here was acknowledged, the last of it at {@code offset} of {@code partition} */
    record Mark(long position, int partition, long offset) {}

    /** How far the table may be behind while records are sent. */
    private static final long SAVE_MILLIS = 100;

    private final Database database;
    private final Map<String, Mark> marks = new HashMap<>();
    private final Map<Integer, Long> lastOffsets = new HashMap<>();
    private Map<String, Mark> unsaved = new HashMap<>();
    private long savedAtNanos = System.nanoTime();

    private Progress(Database database) {
        this.database = database;
    }

    static Progress load(Database database) {
        var progress = new Progress(database);
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var query = connection.prepareStatement(
                            "SELECT tenant, position, partition, kafka_offset FROM relay.progress");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    progress.note(rows.getString(1), new Mark(rows.getLong(2), rows.getInt(3), rows.getLong(4)));
                }
            }
            return true;
        });
        return progress;
    }

    /** The last position that Kafka has of this tenant; -1 for none. */
    synchronized long of(String tenant) {
        Mark mark = marks.get(tenant);
        return mark == null ? -1 : mark.position();
    }

    private synchronized void note(String tenant, Mark mark) {
        marks.put(tenant, mark);
        lastOffsets.merge(mark.partition(), mark.offset(), Math::max);
    }

    /** The offset of a partition before which everything is accounted for. */
    synchronized long nextOffset(int partition) {
        return lastOffsets.getOrDefault(partition, -1L) + 1;
    }

    /** Kafka has lost the end of this partition: what it still has must be found out. */
    void forget(int partition) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var delete = connection.prepareStatement("DELETE FROM relay.progress WHERE partition = ?")) {
                delete.setInt(1, partition);
                return delete.executeUpdate();
            }
        });
        synchronized (this) {
            marks.values().removeIf(mark -> mark.partition() == partition);
            unsaved.values().removeIf(mark -> mark.partition() == partition);
            lastOffsets.remove(partition);
        }
    }

    /** Takes note of what Kafka has acknowledged. */
    void advance(Map<String, Mark> acknowledged) {
        synchronized (this) {
            acknowledged.forEach(this::note);
            unsaved.putAll(acknowledged);
        }
        if (System.nanoTime() - savedAtNanos >= TimeUnit.MILLISECONDS.toNanos(SAVE_MILLIS)) {
            save();
        }
    }

    /** Stores what isn't in the table yet, in one transaction. */
    void save() {
        Map<String, Mark> saving;
        synchronized (this) {
            saving = unsaved;
            unsaved = new HashMap<>();
            savedAtNanos = System.nanoTime();
        }
        if (!saving.isEmpty()) {
            database.transaction(DatabaseRole.RELAY, connection -> store(connection, saving));
        }
    }

    private static boolean store(Connection connection, Map<String, Mark> acknowledged) throws SQLException {
        List<String> tenants = new ArrayList<>(acknowledged.keySet());
        List<Mark> marks = tenants.stream().map(acknowledged::get).toList();
        // Not awaited on disk: a lost row is found again at the end of the topic.
        try (var insert = connection.prepareStatement("SET LOCAL synchronous_commit = off;"
                + " INSERT INTO relay.progress SELECT * FROM unnest(?, ?, ?, ?)"
                + " ON CONFLICT (tenant) DO UPDATE SET position = EXCLUDED.position, partition = EXCLUDED.partition,"
                + " kafka_offset = EXCLUDED.kafka_offset")) {
            insert.setArray(1, connection.createArrayOf("text", tenants.toArray()));
            insert.setArray(
                    2,
                    connection.createArrayOf(
                            "bigint", marks.stream().map(Mark::position).toArray()));
            insert.setArray(
                    3,
                    connection.createArrayOf(
                            "integer", marks.stream().map(Mark::partition).toArray()));
            insert.setArray(
                    4,
                    connection.createArrayOf(
                            "bigint", marks.stream().map(Mark::offset).toArray()));
            insert.execute();
        }
        return true;
    }
}
