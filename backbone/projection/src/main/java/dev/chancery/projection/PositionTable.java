package dev.chancery.projection;

import dev.chancery.database.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A projection's {@code position} and {@code offset} tables, and the one transaction that changes position and view. */
final class PositionTable {
    /** @param stopped whether nothing is applied any more */
    record Position(long last, boolean stopped) {}

    /**
     * How far a partition was read.
     *
     * @param epoch the leader's when the last message before {@code nextOffset}, or a later one, was written; or {@link #NO_EPOCH}
     */
    record ReadTo(long nextOffset, int epoch) {
        static final int NO_EPOCH = -1;

        Optional<Integer> knownEpoch() {
            return epoch == NO_EPOCH ? Optional.empty() : Optional.of(epoch);
        }
    }

    /** Another process has moved this tenant on: what was read is stale. */
    static final class MovedOn extends RuntimeException {
        private static final long serialVersionUID = 1;

        MovedOn() {
            super("the position was moved by another process");
        }
    }

    private static final int PAGE = 1_000;

    private final Projection projection;
    private final Database database;

    PositionTable(Projection projection, Database database) {
        this.projection = projection;
        this.database = database;
    }

    /**
     * Applies a dense run that begins after {@code last}, shows what was seen again, and commits with the position.
     *
     * @throws MovedOn when the table has another position than {@code last}, or the tenant was stopped
     */
    void apply(String tenant, long last, List<LogRecord> run, List<LogRecord> again) {
        database.inTenant(projection.role(), tenant, connection -> {
            if (!run.isEmpty()) {
                // Takes the row's lock, and with it the right to apply: a process that lost its partition comes too
                // late.
                if (!move(connection, tenant, last, run.getLast().position())) {
                    throw new MovedOn();
                }
                projection.apply(connection, tenant, run);
            }
            for (LogRecord record : again) {
                projection.seenAgain(connection, record);
            }
            return true;
        });
    }

    private boolean move(Connection connection, String tenant, long from, long to) throws SQLException {
        try (var update = connection.prepareStatement("UPDATE " + projection.schema()
                + ".position SET position = ? WHERE tenant = ? AND position = ? AND stopped_at IS NULL")) {
            update.setLong(1, to);
            update.setString(2, tenant);
            update.setLong(3, from);
            if (update.executeUpdate() == 1) {
                return true;
            }
        }
        if (from >= 0) {
            return false;
        }
        try (var insert = connection.prepareStatement("INSERT INTO " + projection.schema()
                + ".position (tenant, position) VALUES (?, ?) ON CONFLICT DO NOTHING")) {
            insert.setString(1, tenant);
            insert.setLong(2, to);
            return insert.executeUpdate() == 1;
        }
    }

    Position of(String tenant) {
        return database.inTenant(projection.role(), tenant, connection -> {
            try (var query = connection.prepareStatement("SELECT position, stopped_at IS NOT NULL FROM "
                    + projection.schema() + ".position WHERE tenant = ?")) {
                query.setString(1, tenant);
                try (var row = query.executeQuery()) {
                    return row.next() ? new Position(row.getLong(1), row.getBoolean(2)) : new Position(-1, false);
                }
            }
        });
    }

    /** What is done with a tenant's last applied position. */
    @FunctionalInterface
    interface EachApplied {
        void accept(String tenant, long last);
    }

    /** Tells of every tenant that has applied something and isn't stopped, {@link #PAGE} at a time. */
    void eachApplied(EachApplied each) {
        String after = "";
        Map<String, Long> page;
        do {
            page = applied(after);
            for (var position : page.entrySet()) {
                each.accept(position.getKey(), position.getValue());
                after = position.getKey();
            }
        } while (page.size() == PAGE);
    }

    private Map<String, Long> applied(String after) {
        return database.transaction(projection.role(), connection -> {
            var found = new LinkedHashMap<String, Long>();
            try (var query = connection.prepareStatement("SELECT tenant, position FROM " + projection.schema()
                    + ".position WHERE tenant > ? AND position >= 0 AND stopped_at IS NULL ORDER BY tenant LIMIT ?")) {
                query.setString(1, after);
                query.setInt(2, PAGE);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        found.put(rows.getString(1), rows.getLong(2));
                    }
                }
            }
            return found;
        });
    }

    /** Two records were signed for one position: stops this view of the tenant and its log, which takes no more commands. */
    void stop(String tenant, long at, String because) {
        database.inTenant(projection.role(), tenant, connection -> {
            try (var insert = connection.prepareStatement("INSERT INTO " + projection.schema()
                    + ".position AS known (tenant, position, stopped_at, stopped_because) VALUES (?, -1, ?, ?)"
                    + " ON CONFLICT (tenant) DO UPDATE SET stopped_at = EXCLUDED.stopped_at,"
                    + " stopped_because = EXCLUDED.stopped_because WHERE known.stopped_at IS NULL")) {
                insert.setString(1, tenant);
                insert.setLong(2, at);
                insert.setString(3, because);
                insert.executeUpdate();
            }
            try (var stop = connection.prepareStatement("SELECT log.stop_forked(?)")) {
                stop.setLong(1, at);
                return stop.execute();
            }
        });
    }

    /** Where each partition is read from; those that were never read are left out. */
    Map<Integer, ReadTo> offsets() {
        return database.transaction(projection.role(), connection -> {
            var found = new HashMap<Integer, ReadTo>();
            try (var query = connection.prepareStatement(
                            "SELECT partition, next_offset, leader_epoch FROM " + projection.schema() + ".offset");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    found.put(rows.getInt(1), new ReadTo(rows.getLong(2), rows.getInt(3)));
                }
            }
            return found;
        });
    }

    /** @throws ForkFound when another record, or none, is committed at the record's position */
    static void compareWithLog(Connection connection, LogRecord record) throws SQLException {
        if (!isCommitted(connection, record)) {
            throw new ForkFound(record.tenant(), record.position());
        }
    }

    /** Whether the record, and no other, is committed at its position. */
    static boolean isCommitted(Connection connection, LogRecord record) throws SQLException {
        try (var query = connection.prepareStatement("SELECT log.is_committed(?, ?)")) {
            query.setLong(1, record.position());
            query.setBytes(2, record.sha256());
            try (var row = query.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /**
     * Everything below was applied, or waits nowhere. An offset goes back only where a new leader's log does.
     *
     * @param passedOver counted once the offsets are saved, and not before
     */
    void saveOffsets(Map<Integer, ReadTo> offsets, Map<Quarantine.Key, Quarantine.Count> passedOver) {
        database.transaction(projection.role(), connection -> {
            savePassedOver(connection, passedOver);
            try (var insert = connection.prepareStatement(
                    "INSERT INTO " + projection.schema()
                            + ".offset AS known (partition, next_offset, leader_epoch) VALUES (?, ?, ?) ON CONFLICT (partition)"
                            + " DO UPDATE SET next_offset = EXCLUDED.next_offset, leader_epoch = EXCLUDED.leader_epoch"
                            + " WHERE (EXCLUDED.leader_epoch, EXCLUDED.next_offset) > (known.leader_epoch, known.next_offset)")) {
                for (var offset : offsets.entrySet()) {
                    insert.setInt(1, offset.getKey());
                    insert.setLong(2, offset.getValue().nextOffset());
                    insert.setInt(3, offset.getValue().epoch());
                    insert.addBatch();
                }
                return insert.executeBatch().length;
            }
        });
    }

    private void savePassedOver(Connection connection, Map<Quarantine.Key, Quarantine.Count> passedOver)
            throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO " + projection.schema()
                + ".quarantine AS known (partition, reason, messages, last_offset) VALUES (?, ?, ?, ?)"
                + " ON CONFLICT (partition, reason) DO UPDATE SET messages = known.messages + EXCLUDED.messages,"
                + " last_offset = EXCLUDED.last_offset, last_at = now()")) {
            for (var count : passedOver.entrySet()) {
                insert.setInt(1, count.getKey().partition());
                insert.setString(2, count.getKey().reason().label());
                insert.setLong(3, count.getValue().messages());
                insert.setLong(4, count.getValue().lastOffset());
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    /** By partition, the offset up to which the messages that were passed over are counted. */
    Map<Integer, Long> passedOverTo() {
        return database.transaction(projection.role(), connection -> {
            var found = new HashMap<Integer, Long>();
            try (var query = connection.prepareStatement("SELECT partition, max(last_offset) FROM "
                            + projection.schema() + ".quarantine GROUP BY partition");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    found.put(rows.getInt(1), rows.getLong(2));
                }
            }
            return found;
        });
    }

    ViewHealth health() {
        return database.transaction(projection.role(), connection -> {
            long stopped;
            try (var query = connection.prepareStatement(
                            "SELECT count(*) FROM " + projection.schema() + ".position WHERE stopped_at IS NOT NULL");
                    var row = query.executeQuery()) {
                row.next();
                stopped = row.getLong(1);
            }
            var passedOver = new HashMap<String, Long>();
            try (var query = connection.prepareStatement("SELECT reason, sum(messages) FROM " + projection.schema()
                            + ".quarantine GROUP BY reason");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    passedOver.put(rows.getString(1), rows.getLong(2));
                }
            }
            return new ViewHealth(stopped, passedOver);
        });
    }

    /**
     * Asks the relay to send {@code from} and everything after it again.
     *
     * @param to the last position known to be missing, for the operator who reads the request
     */
    void requestRepublish(String tenant, long from, long to) {
        database.inTenant(projection.role(), tenant, connection -> {
            try (var request = connection.prepareStatement("SELECT relay.request_republish(?, ?)")) {
                request.setLong(1, from);
                request.setLong(2, to);
                return request.execute();
            }
        });
    }
}
