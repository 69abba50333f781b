package dev.chancery.log;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.LockedTenant.ClaimKey;
import dev.chancery.log.LockedTenant.OpenIntent;
import dev.chancery.log.LockedTenant.StoredReceipt;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The SQL of an append: lock and read, then write; two round trips to PostgreSQL and one for the commit. Several statements go in
 * one; each sees what was committed before it began, so what is read after the lock is what the lock protects.
 */
final class AppendSql {
    private static final String LOCK = """
            SELECT set_config('chancery.tenant', ?, true);
            SELECT next_position, recorded_at_micros, forked_at FROM log.head WHERE tenant = ? FOR UPDATE""";

    private static final String READ = """
            SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
                   (SELECT timeline FROM log.reconciled)
                       = ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer;
            SELECT stream, version FROM log.stream_head WHERE tenant = ? AND stream = ANY (?);
            SELECT key_hash, request_hash, position, reply, code, expires_at_micros FROM log.receipt
                WHERE tenant = ? AND key_hash = ANY (?);
            SELECT kind, hash, stream FROM log.claim WHERE tenant = ? AND hash = ANY (?);
            SELECT position, deadline_micros, hash, key_hash FROM log.open_intent WHERE tenant = ? AND position = ANY (?)""";

    private final Connection connection;
    private final String tenant;

    AppendSql(Connection connection, String tenant) {
        this.connection = connection;
        this.tenant = tenant;
    }

    /** Locks the tenant's head and reads all that the group's drafts are judged by; a rejection when nothing may be appended. */
    Optional<LogRejection> lock(LockedTenant locked, List<Draft> group) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement(LOCK)) {
            lock.setString(1, tenant);
            lock.setString(2, tenant);
            lock.execute();
            lock.getMoreResults();
            try (ResultSet head = lock.getResultSet()) {
                if (!head.next()) {
                    return Optional.of(LogRejection.TENANT_UNKNOWN);
                }
                locked.nextPosition = head.getLong(1);
                locked.lastRecordedAtMicros = head.getLong(2);
                if (head.getObject(3) != null) {
                    return Optional.of(LogRejection.STOPPED);
                }
            }
        }
        return read(locked, group);
    }

    private Optional<LogRejection> read(LockedTenant locked, List<Draft> group) throws SQLException {
        try (PreparedStatement read = connection.prepareStatement(READ)) {
            bind(
                    read,
                    1,
                    "text",
                    group.stream().flatMap(d -> d.basis().keySet().stream()).map(StreamId::value));
            bind(
                    read,
                    3,
                    "bytea",
                    group.stream()
                            .flatMap(d -> d.receipt().stream())
                            .map(Receipt::key)
                            .distinct()
                            .map(Digest::bytes));
            bind(
                    read,
                    5,
                    "bytea",
                    group.stream()
                            .flatMap(d -> d.claims().stream())
                            .map(Claim::hash)
                            .distinct()
                            .map(Digest::bytes));
            bind(
                    read,
                    7,
                    "int8",
                    group.stream()
                            .filter(d -> d.statement().getOutcome().hasIntent())
                            .map(d -> d.statement().getOutcome().getIntent().getPosition()));
            read.execute();
            try (ResultSet clock = read.getResultSet()) {
                clock.next();
                locked.nowMicros = clock.getLong(1);
                if (!clock.getBoolean(2)) {
                    return Optional.of(LogRejection.UNAVAILABLE);
                }
            }
            read.getMoreResults();
            each(read, row -> locked.versions.put(new StreamId(row.getString(1)), row.getLong(2)));
            each(
                    read,
                    row -> locked.receipts.put(
                            new Digest(row.getBytes(1)),
                            new StoredReceipt(
                                    new Digest(row.getBytes(2)),
                                    row.getLong(3),
                                    row.getBytes(4),
                                    row.getString(5),
                                    row.getLong(6))));
            each(
                    read,
                    row -> locked.claims.put(
                            new ClaimKey(row.getString(1), new Digest(row.getBytes(2))),
                            new StreamId(row.getString(3))));
            each(read, row -> {
                byte[] key = row.getBytes(4);
                locked.intents.put(
                        row.getLong(1),
                        new OpenIntent(
                                row.getLong(2), new Digest(row.getBytes(3)), key == null ? null : new Digest(key)));
            });
        }
        return Optional.empty();
    }

    private void bind(PreparedStatement statement, int index, String type, java.util.stream.Stream<?> values)
            throws SQLException {
        statement.setString(index, tenant);
        statement.setArray(
                index + 1,
                connection.createArrayOf(type, typed(type, values.distinct().toArray())));
    }

    @FunctionalInterface
    private interface Row {
        void read(ResultSet row) throws SQLException;
    }

    private static void each(PreparedStatement statement, Row row) throws SQLException {
        try (ResultSet rows = statement.getResultSet()) {
            while (rows.next()) {
                row.read(rows);
            }
        }
        statement.getMoreResults();
    }

    /** Writes what a group came to. */
    void write(AppendRows rows, String feature) throws SQLException {
        StringBuilder sql = new StringBuilder(1024);
        sql.append("INSERT INTO log.record (tenant, position, feature, event_types, record)"
                + " SELECT ?, p, ?, string_to_array(t, ' '), r FROM unnest(?, ?, ?) AS x (p, t, r)");
        if (!rows.events.isEmpty()) {
            sql.append("; INSERT INTO log.event (tenant, stream, version, position, ordinal, type)"
                    + " SELECT ?, x.* FROM unnest(?, ?, ?, ?, ?) AS x");
            sql.append("; INSERT INTO log.stream_head (tenant, stream, version) SELECT ?, x.* FROM unnest(?, ?) AS x"
                    + " ON CONFLICT (tenant, stream) DO UPDATE SET version = excluded.version");
        }
        if (!rows.receipts.isEmpty()) {
            sql.append("; INSERT INTO log.receipt"
                    + " (tenant, feature, key_hash, request_hash, position, reply, code, expires_at_micros)"
                    + " SELECT ?, ?, x.* FROM unnest(?, ?, ?, ?, ?, ?) AS x"
                    + " ON CONFLICT (tenant, key_hash) DO UPDATE SET feature = excluded.feature,"
                    + " request_hash = excluded.request_hash, position = excluded.position, reply = excluded.reply,"
                    + " code = excluded.code, expires_at_micros = excluded.expires_at_micros");
        }
        if (!rows.releasedKeys.isEmpty()) {
            sql.append("; DELETE FROM log.receipt WHERE tenant = ? AND key_hash = ANY (?)");
        }
        if (!rows.openedIntents.isEmpty()) {
            sql.append("; INSERT INTO log.open_intent (tenant, feature, position, deadline_micros, hash, key_hash)"
                    + " SELECT ?, ?, x.* FROM unnest(?, ?, ?, ?) AS x");
        }
        if (!rows.closedIntents.isEmpty()) {
            sql.append("; DELETE FROM log.open_intent WHERE tenant = ? AND position = ANY (?)");
        }
        if (!rows.takenClaims.isEmpty()) {
            sql.append("; INSERT INTO log.claim (tenant, kind, hash, stream) SELECT ?, x.* FROM unnest(?, ?, ?) AS x"
                    + " ON CONFLICT DO NOTHING");
        }
        if (!rows.releasedClaims.isEmpty()) {
            sql.append(
                    "; DELETE FROM log.claim USING unnest(?, ?) AS x (k, h) WHERE tenant = ? AND kind = k AND hash = h");
        }
        sql.append("; UPDATE log.head SET next_position = ?, recorded_at_micros = ? WHERE tenant = ?");
        try (PreparedStatement write = connection.prepareStatement(sql.toString())) {
            new Binder(write).bindAll(rows, feature);
            write.execute();
        }
    }

    /** Binds the parameters in the order in which {@link #write} names them. */
    private final class Binder {
        private final PreparedStatement statement;
        private int next = 1;

        Binder(PreparedStatement statement) {
            this.statement = statement;
        }

        void bindAll(AppendRows rows, String feature) throws SQLException {
            text(tenant);
            text(feature);
            array("int8", rows.records, AppendRows.RecordRow::position);
            array("text", rows.records, AppendRows.RecordRow::types);
            array("bytea", rows.records, AppendRows.RecordRow::record);
            if (!rows.events.isEmpty()) {
                text(tenant);
                array("text", rows.events, e -> e.stream().value());
                array("int8", rows.events, AppendRows.EventRow::version);
                array("int8", rows.events, AppendRows.EventRow::position);
                array("int4", rows.events, AppendRows.EventRow::ordinal);
                array("text", rows.events, AppendRows.EventRow::type);
                text(tenant);
                array("text", rows.versions.entrySet(), e -> e.getKey().value());
                array("int8", rows.versions.entrySet(), e -> e.getValue());
            }
            if (!rows.receipts.isEmpty()) {
                text(tenant);
                text(feature);
                array("bytea", rows.receipts.entrySet(), e -> e.getKey().bytes());
                array("bytea", rows.receipts.entrySet(), e -> e.getValue()
                        .request()
                        .bytes());
                array("int8", rows.receipts.entrySet(), e -> e.getValue().position());
                array("bytea", rows.receipts.entrySet(), e -> e.getValue().reply());
                array("text", rows.receipts.entrySet(), e -> e.getValue().code());
                array("int8", rows.receipts.entrySet(), e -> e.getValue().expiresAtMicros());
            }
            if (!rows.releasedKeys.isEmpty()) {
                text(tenant);
                array("bytea", rows.releasedKeys, Digest::bytes);
            }
            if (!rows.openedIntents.isEmpty()) {
                text(tenant);
                text(feature);
                array("int8", rows.openedIntents.entrySet(), e -> e.getKey());
                array("int8", rows.openedIntents.entrySet(), e -> e.getValue().deadlineMicros());
                array("bytea", rows.openedIntents.entrySet(), e -> e.getValue()
                        .hash()
                        .bytes());
                array("bytea", rows.openedIntents.entrySet(), e -> {
                    Digest key = e.getValue().key();
                    return key == null ? null : key.bytes();
                });
            }
            if (!rows.closedIntents.isEmpty()) {
                text(tenant);
                array("int8", rows.closedIntents, p -> p);
            }
            if (!rows.takenClaims.isEmpty()) {
                text(tenant);
                array("text", rows.takenClaims.entrySet(), e -> e.getKey().kind());
                array("bytea", rows.takenClaims.entrySet(), e -> e.getKey()
                        .hash()
                        .bytes());
                array("text", rows.takenClaims.entrySet(), e -> e.getValue().value());
            }
            if (!rows.releasedClaims.isEmpty()) {
                array("text", rows.releasedClaims, ClaimKey::kind);
                array("bytea", rows.releasedClaims, k -> k.hash().bytes());
                text(tenant);
            }
            statement.setLong(next++, rows.nextPosition);
            statement.setLong(next++, rows.recordedAtMicros);
            text(tenant);
        }

        private void text(String value) throws SQLException {
            statement.setString(next++, value);
        }

        private <T> void array(String type, Collection<T> rows, Function<T, ?> column) throws SQLException {
            Object[] values = new Object[rows.size()];
            int i = 0;
            for (T row : rows) {
                values[i++] = column.apply(row);
            }
            Array array = connection.createArrayOf(type, typed(type, values));
            statement.setArray(next++, array);
        }
    }

    /** The driver wants arrays of the type itself. */
    private static Object[] typed(String type, Object[] values) {
        return switch (type) {
            case "bytea" -> java.util.Arrays.copyOf(values, values.length, byte[][].class);
            case "int8" -> java.util.Arrays.copyOf(values, values.length, Long[].class);
            case "int4" -> java.util.Arrays.copyOf(values, values.length, Integer[].class);
            case "text" -> java.util.Arrays.copyOf(values, values.length, String[].class);
            default -> throw new IllegalArgumentException(type);
        };
    }
}
