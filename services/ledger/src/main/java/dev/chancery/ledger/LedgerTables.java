package dev.chancery.ledger;

import static dev.chancery.database.SqlBatch.blob;
import static dev.chancery.database.SqlBatch.blobs;
import static dev.chancery.database.SqlBatch.number;
import static dev.chancery.database.SqlBatch.numbers;
import static dev.chancery.database.SqlBatch.text;

import com.google.protobuf.ByteString;
import dev.chancery.database.SqlBatch;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.ViewHash;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/** The ledger's SQL. Every call is part of the caller's transaction, which has set the tenant, and commits nothing, unless it says
 * otherwise. */
final class LedgerTables {
    /** Records that one INSERT takes at most, in number and in bytes. The bytes are of all but the last. */
    private static final int RECORDS_A_STATEMENT = 1_000;

    private static final int BYTES_A_STATEMENT = 8 << 20;

    /** Tiles that one INSERT takes at most: 2 MiB. */
    private static final int TILES_A_STATEMENT = 256;

    private final String schema;

    /** @param schema the live one, {@code ledger}, or one that a replay fills */
    LedgerTables(String schema) {
        if (!schema.matches("[a-z_]{1,63}")) {
            throw new IllegalArgumentException("a schema's name has 1 to 63 lower-case letters and underscores");
        }
        this.schema = schema;
    }

    /** Every tenant whose log was applied. The one read that spans tenants, on a connection that has set none. */
    List<String> tenants(Connection connection) throws SQLException {
        try (var select = prepare(connection, "SELECT tenant FROM %s.position WHERE position >= 0");
                ResultSet row = select.executeQuery()) {
            var tenants = new ArrayList<String>();
            while (row.next()) {
                tenants.add(row.getString(1));
            }
            return tenants;
        }
    }

    /** Locks the head until the transaction ends, so that there is one writer; a log that has none begins here. */
    Head lockOrBeginHead(Connection connection, String tenant, String origin) throws SQLException {
        Optional<Head> head = lockHead(connection, tenant, origin);
        if (head.isPresent()) {
            return head.get();
        }
        try (var insert = prepare(connection, "INSERT INTO %s.head VALUES (?, ?, 0, ?, 0) ON CONFLICT DO NOTHING")) {
            insert.setString(1, tenant);
            insert.setString(2, origin);
            insert.setBytes(3, new MerkleTree().root());
            insert.executeUpdate();
        }
        return lockHead(connection, tenant, origin).orElseThrow();
    }

    private Optional<Head> lockHead(Connection connection, String tenant, String origin) throws SQLException {
        try (var select = connection.prepareStatement(lockHead())) {
            select.setString(1, tenant);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(headOf(row, origin)) : Optional.empty();
            }
        }
    }

    private String lockHead() {
        return "SELECT origin, size, root, published_size FROM " + schema + ".head WHERE tenant = ? FOR UPDATE";
    }

    private static Head headOf(ResultSet row, String origin) throws SQLException {
        if (!row.getString(1).equals(origin)) {
            throw new IllegalStateException("the ledger was begun by an instance of another id");
        }
        return new Head(row.getLong(2), row.getBytes(3), row.getLong(4));
    }

    /** Writes what a run grew the tree by and moves the head there: one round trip, but for a run of many bytes. */
    void grow(Connection connection, String tenant, List<LogRecord> run, List<Tile> tiles, Head grown)
            throws SQLException {
        int from = 0;
        while (from < run.size()) {
            int to = from;
            for (int bytes = 0; to < run.size() && to - from < RECORDS_A_STATEMENT && bytes < BYTES_A_STATEMENT; to++) {
                LogRecord record = run.get(to);
                bytes += record.entry().length
                        + record.bodies().stream().mapToInt(ByteString::size).sum();
            }
            SqlBatch write = insertRecords(tenant, run.subList(from, to));
            if (to == run.size()) {
                addTiles(write, tenant, tiles);
                write.update(
                        "UPDATE " + schema + ".head SET size = ?, root = ? WHERE tenant = ?",
                        number(grown.size()),
                        blob(grown.root()),
                        text(tenant));
            }
            write.execute(connection);
            from = to;
        }
    }

    private SqlBatch insertRecords(String tenant, List<LogRecord> records) {
        // Row-level security rules out COPY. Arrays go over in binary, and the statement is parsed once.
        return new SqlBatch()
                .update(
                        "INSERT INTO " + schema + ".record (tenant, position, entry, bodies)"
                                + " SELECT ?, ? + n - 1, entry, bodies"
                                + " FROM unnest(?, ?) WITH ORDINALITY AS run (entry, bodies, n)",
                        text(tenant),
                        number(records.getFirst().position()),
                        blobs(records, LogRecord::entry),
                        blobs(records, record -> BodiesFrame.of(record.bodies())));
    }

    private void addTiles(SqlBatch write, String tenant, List<Tile> tiles) {
        for (int from = 0; from < tiles.size(); from += TILES_A_STATEMENT) {
            List<Tile> some = tiles.subList(from, Math.min(tiles.size(), from + TILES_A_STATEMENT));
            write.update(
                    "INSERT INTO " + schema + ".tile (tenant, level, index, root, hashes)"
                            + " SELECT ?, tile.* FROM unnest(?, ?, ?, ?) AS tile (level, index, root, hashes)",
                    text(tenant),
                    numbers(some, tile -> (long) tile.level()),
                    numbers(some, Tile::index),
                    blobs(some, Tile::root),
                    blobs(some, Tile::hashes));
        }
    }

    /**
     * A locked head.
     *
     * @param signedSize the newest checkpoint's
     * @param checkpoints above what is known to be published, smallest first
     */
    record Unpublished(Head head, long signedSize, List<SignedHead> checkpoints) {}

    /**
     * Sets the tenant, locks its head until the transaction ends, and reads what is signed and not known to be published; in one round
     * trip. Empty for a log without records.
     *
     * @param acknowledged checkpoints up to this size are published, whatever the head says
     */
    Optional<Unpublished> lockUnpublished(
            Connection connection, String tenant, String origin, long acknowledged, int limit) throws SQLException {
        var head = new ArrayList<Head>(1);
        var signedSize = new AtomicLong();
        var unpublished = new ArrayList<SignedHead>();
        new SqlBatch()
                .update("SELECT set_config('chancery.tenant', ?, true)", text(tenant))
                .query(row -> head.add(headOf(row, origin)), lockHead(), text(tenant))
                .query(
                        row -> signedSize.set(row.getLong(1)),
                        "SELECT max(size) FROM " + schema + ".checkpoint WHERE tenant = ?",
                        text(tenant))
                .query(
                        row -> unpublished.add(signedHeadOf(row)),
                        "SELECT size, root, note FROM " + schema + ".checkpoint WHERE tenant = ? AND size > greatest(?,"
                                + " (SELECT published_size FROM " + schema
                                + ".head WHERE tenant = ?)) ORDER BY size LIMIT ?",
                        text(tenant),
                        number(acknowledged),
                        text(tenant),
                        number(limit))
                .execute(connection);
        return head.stream()
                .map(locked -> new Unpublished(locked, signedSize.get(), unpublished))
                .findFirst();
    }

    /** Writes a new checkpoint, if there is one, and up to where Kafka has them; in one round trip with the commit. */
    void commitCheckpoint(Connection connection, String tenant, Optional<SignedHead> checkpoint, OptionalLong published)
            throws SQLException {
        var write = new SqlBatch();
        checkpoint.ifPresent(signed -> write.update(
                "INSERT INTO " + schema + ".checkpoint (tenant, size, root, note) VALUES (?, ?, ?, ?)",
                text(tenant),
                number(signed.size()),
                blob(signed.root()),
                blob(signed.note())));
        published.ifPresent(size -> write.update(
                "UPDATE " + schema + ".head SET published_size = ? WHERE tenant = ?", number(size), text(tenant)));
        write.update("COMMIT").execute(connection);
    }

    /** The newest checkpoint: what the ledger answers for. */
    Optional<SignedHead> newestCheckpoint(Connection connection, String tenant) throws SQLException {
        try (var select = prepare(
                connection, "SELECT size, root, note FROM %s.checkpoint WHERE tenant = ? ORDER BY size DESC LIMIT 1")) {
            select.setString(1, tenant);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(signedHeadOf(row)) : Optional.empty();
            }
        }
    }

    /** Checkpoints of more than {@code size} records, smallest first. */
    List<SignedHead> checkpointsAbove(Connection connection, String tenant, long size, int limit) throws SQLException {
        try (var select = prepare(
                connection,
                "SELECT size, root, note FROM %s.checkpoint WHERE tenant = ? AND size > ? ORDER BY size LIMIT ?")) {
            select.setString(1, tenant);
            select.setLong(2, size);
            select.setInt(3, limit);
            try (ResultSet row = select.executeQuery()) {
                var found = new ArrayList<SignedHead>();
                while (row.next()) {
                    found.add(signedHeadOf(row));
                }
                return found;
            }
        }
    }

    /** The checkpoint of this size. */
    Optional<SignedHead> checkpoint(Connection connection, String tenant, long size) throws SQLException {
        try (var select =
                prepare(connection, "SELECT size, root, note FROM %s.checkpoint WHERE tenant = ? AND size = ?")) {
            select.setString(1, tenant);
            select.setLong(2, size);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(signedHeadOf(row)) : Optional.empty();
            }
        }
    }

    /**
     * A log, by its own table.
     *
     * @param quietMicros since its newest record was recorded
     */
    record LogLength(String tenant, long records, long quietMicros) {}

    /** Every log. Spans tenants, and sees nothing of theirs but this. */
    List<LogLength> logLengths(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement("SELECT tenant, records, quiet_micros FROM log.lengths()");
                ResultSet row = select.executeQuery()) {
            var logs = new ArrayList<LogLength>();
            while (row.next()) {
                logs.add(new LogLength(row.getString(1), row.getLong(2), row.getLong(3)));
            }
            return logs;
        }
    }

    /** How many records the log of the transaction's tenant has, by its own table. */
    long records(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement("SELECT log.length()");
                ResultSet row = next(select.executeQuery())) {
            return row.getLong(1);
        }
    }

    private static SignedHead signedHeadOf(ResultSet row) throws SQLException {
        return new SignedHead(row.getLong(1), row.getBytes(2), row.getBytes(3));
    }

    /** The first {@code width} hashes of a tile; the tree must have them. */
    byte[] hashes(Connection connection, String tenant, int level, long index, int width) throws SQLException {
        if (width == Tile.WIDTH) {
            return fullTile(connection, tenant, level, index);
        }
        byte[] hashes = new byte[width * TreeHash.BYTES];
        long first = index * Tile.WIDTH;
        if (level == 0) {
            var hash = new TreeHash();
            eachRecord(connection, tenant, "entry", first, width, (n, entry) -> hash.leaf(entry, hashes, n));
            return hashes;
        }
        try (var select = prepare(
                connection,
                "SELECT root FROM %s.tile WHERE tenant = ? AND level = ? AND index BETWEEN ? AND ? ORDER BY index")) {
            select.setString(1, tenant);
            select.setInt(2, level - 1);
            select.setLong(3, first);
            select.setLong(4, first + width - 1);
            try (ResultSet row = select.executeQuery()) {
                for (int n = 0; n < width; n++) {
                    System.arraycopy(next(row).getBytes(1), 0, hashes, n * TreeHash.BYTES, TreeHash.BYTES);
                }
            }
        }
        return hashes;
    }

    private byte[] fullTile(Connection connection, String tenant, int level, long index) throws SQLException {
        try (var select =
                prepare(connection, "SELECT hashes FROM %s.tile WHERE tenant = ? AND level = ? AND index = ?")) {
            select.setString(1, tenant);
            select.setInt(2, level);
            select.setLong(3, index);
            try (ResultSet row = select.executeQuery()) {
                return next(row).getBytes(1);
            }
        }
    }

    /** What is done with the {@code n}-th of some records' bytes. */
    @FunctionalInterface
    interface EachRecord {
        void accept(int n, byte[] bytes);
    }

    /** Reads a column of consecutive records, which the log must have, a few at a time. */
    void eachRecord(Connection connection, String tenant, String column, long first, int count, EachRecord each)
            throws SQLException {
        try (var select = prepare(
                connection,
                "SELECT " + column
                        + " FROM %s.record WHERE tenant = ? AND position BETWEEN ? AND ? ORDER BY position")) {
            select.setFetchSize(Tile.WIDTH / 4);
            select.setString(1, tenant);
            select.setLong(2, first);
            select.setLong(3, first + count - 1);
            try (ResultSet row = select.executeQuery()) {
                for (int n = 0; n < count; n++) {
                    each.accept(n, next(row).getBytes(1));
                }
            }
        }
    }

    private PreparedStatement prepare(Connection connection, String sql) throws SQLException {
        return connection.prepareStatement(String.format(Locale.ROOT, sql, schema));
    }

    /** A row that must be there: without it the ledger is damaged, and answering less would be a lie. */
    private static ResultSet next(ResultSet rows) throws SQLException {
        if (!rows.next()) {
            throw new IllegalStateException("the ledger lacks a row that its head covers");
        }
        return rows;
    }

    /** The tree as it stands, without a lock. */
    ViewHash treeHead(Connection connection, String tenant) throws SQLException {
        try (var query = prepare(connection, "SELECT size, root FROM %s.head WHERE tenant = ?")) {
            query.setString(1, tenant);
            try (var row = query.executeQuery()) {
                return row.next()
                        ? new ViewHash(row.getLong(1) - 1, HexFormat.of().formatHex(row.getBytes(2)))
                        : new ViewHash(-1, "");
            }
        }
    }
}
