package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.StoredEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** Reads all events of many streams of a tenant, in the order of the log. */
public final class StreamScan {
    private static final int FETCH_ROWS = 1_000;

    private final Database database;
    private final DatabaseRole role;

    public StreamScan(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    /** When the records of the same logs were made. */
    public LogTimes times() {
        return new LogTimes(database, role);
    }

    /**
     * Hands over every event after a position of the streams whose names begin with one of {@code prefixes}.
     *
     * @return the last position that was looked at; -1 for an empty or unknown log
     */
    public long scan(String tenant, List<String> prefixes, long after, BiConsumer<StreamId, StoredEvent> each) {
        return scan(tenant, prefixes, after, Long.MAX_VALUE - 1, each);
    }

    /**
     * The same, up to a position.
     *
     * @param last nothing after it is looked at
     */
    public long scan(
            String tenant, List<String> prefixes, long after, long last, BiConsumer<StreamId, StoredEvent> each) {
        return database.inTenant(role, tenant, connection -> {
            long size;
            try (var head = connection.prepareStatement("SELECT next_position FROM log.head WHERE tenant = ?")) {
                head.setString(1, tenant);
                try (var row = head.executeQuery()) {
                    size = Math.min(row.next() ? row.getLong(1) : 0, last + 1);
                }
            }
            // What is before the head was committed with it, and stays as it is.
            try (var query = connection.prepareStatement(EventRows.selectIn("e.position, e.ordinal")
                    + " FROM log.event e WHERE e.tenant = ? AND e.stream ^@ ANY (?) AND e.position > ? AND e.position < ?"
                    + " ORDER BY e.position, e.ordinal")) {
                query.setString(1, tenant);
                query.setArray(2, connection.createArrayOf("text", prefixes.toArray()));
                query.setLong(3, after);
                query.setLong(4, size);
                query.setFetchSize(FETCH_ROWS);
                var reader = new EventRows();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        each.accept(new StreamId(rows.getString(1)), reader.read(rows));
                    }
                }
            }
            return size - 1;
        });
    }

    /** An event and its stream. */
    public record Streamed(StreamId stream, StoredEvent event) {}

    /**
     * A part of what came after a position.
     *
     * @param position that it reaches to: all that is before, and nothing after
     * @param complete whether that is all there is
     */
    public record Slice(List<Streamed> events, long position, boolean complete) {}

    /** The same, as much as fits, whole records only. */
    public Slice slice(String tenant, List<String> prefixes, long after, int maxEvents, int maxBytes) {
        var events = new ArrayList<Streamed>();
        var full = new long[] {-1, 0};
        long last = scan(tenant, prefixes, after, (stream, event) -> {
            if (full[0] >= 0 && event.position() > full[0]) {
                return;
            }
            events.add(new Streamed(stream, event));
            full[1] += event.body().size();
            if (events.size() >= maxEvents || full[1] >= maxBytes) {
                full[0] = event.position();
            }
        });
        boolean more = full[0] >= 0 && full[0] < last;
        return new Slice(events, more ? full[0] : last, !more);
    }

    /** The last position of each of these logs; those that don't exist are left out. */
    public Map<String, Long> lastPositions(Set<String> tenants) {
        return database.transaction(role, connection -> {
            var last = new HashMap<String, Long>();
            try (var query = connection.prepareStatement("SELECT tenant, last_position FROM log.last_positions(?)")) {
                query.setArray(1, connection.createArrayOf("text", tenants.toArray()));
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        last.put(rows.getString(1), rows.getLong(2));
                    }
                }
            }
            return last;
        });
    }
}
