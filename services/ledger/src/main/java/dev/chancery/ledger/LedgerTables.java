package dev.chancery.ledger;

import dev.chancery.projection.LogRecord;
import dev.chancery.projection.ViewHash;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The ledger's SQL. Every call is part of the caller's transaction, which has set the tenant; none commits. */
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

    /** Locks the head until the transaction ends; empty for a log without records. */
    Optional<Head> lockHead(Connection connection, String tenant, String origin) throws SQLException {
        try (var select = prepare(
                connection, "SELECT origin, size, root, published_size FROM %s.head WHERE tenant = ? FOR UPDATE")) {
            select.setString(1, tenant);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                if (!row.getString(1).equals(origin)) {
                    throw new IllegalStateException("the ledger was begun by an instance of another id");
                }
                return Optional.of(new Head(row.getLong(2), row.getBytes(3), row.getLong(4)));
            }
        }
    }

    void advanceHead(Connection connection, String tenant, long size, byte[] root) throws SQLException {
        try (var update = prepare(connection, "UPDATE %s.head SET size = ?, root = ? WHERE tenant = ?")) {
            update.setLong(1, size);
            update.setBytes(2, root);
            update.setString(3, tenant);
            update.executeUpdate();
        }
    }

    void insertRecords(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        int from = 0;
        while (from < run.size()) {
            var entries = new ArrayList<byte[]>();
            var bodies = new ArrayList<byte[]>();
            int to = from;
            for (int bytes = 0;
                    to < run.size() && entries.size() < RECORDS_A_STATEMENT && bytes < BYTES_A_STATEMENT;
                    to++) {
                entries.add(run.get(to).entry());
                bodies.add(BodiesFrame.of(run.get(to).bodies()));
                bytes += entries.getLast().length + bodies.getLast().length;
            }
            // Row-level security rules out COPY. Arrays go over in binary, and the statement is parsed once.
            try (var insert = prepare(
                    connection,
                    "INSERT INTO %s.record (tenant, position, entry, bodies) SELECT ?, ? + n - 1, entry, bodies"
                            + " FROM unnest(?, ?) WITH ORDINALITY AS run (entry, bodies, n)")) {
                insert.setString(1, tenant);
                insert.setLong(2, run.get(from).position());
                insert.setArray(3, array(connection, entries));
                insert.setArray(4, array(connection, bodies));
                insert.executeUpdate();
            }
            from = to;
        }
    }

    void insertTiles(Connection connection, String tenant, List<Tile> tiles) throws SQLException {
        for (int from = 0; from < tiles.size(); from += TILES_A_STATEMENT) {
            List<Tile> some = tiles.subList(from, Math.min(tiles.size(), from + TILES_A_STATEMENT));
            try (var insert = prepare(
                    connection,
                    "INSERT INTO %s.tile (tenant, level, index, root, hashes)"
                            + " SELECT ?, tile.* FROM unnest(?, ?, ?, ?) AS tile (level, index, root, hashes)")) {
                insert.setString(1, tenant);
                insert.setArray(
                        2,
                        connection.createArrayOf(
                                "int2",
                                some.stream().map(tile -> (short) tile.level()).toArray()));
                insert.setArray(
                        3,
                        connection.createArrayOf(
                                "int8", some.stream().map(Tile::index).toArray()));
                insert.setArray(
                        4, array(connection, some.stream().map(Tile::root).toList()));
                insert.setArray(
                        5, array(connection, some.stream().map(Tile::hashes).toList()));
                insert.executeUpdate();
            }
        }
    }

    /** The checkpoint of a size, if it was signed. */
    Optional<SignedHead> checkpoint(Connection connection, String tenant, long size) throws SQLException {
        return checkpoints(connection, tenant, "size = ?", size, 1).stream().findFirst();
    }

    /** The newest checkpoint: what the ledger answers for. */
    Optional<SignedHead> newestCheckpoint(Connection connection, String tenant) throws SQLException {
        return checkpoints(connection, tenant, "size >= ? ORDER BY size DESC", 0, 1).stream()
                .findFirst();
    }

    /** The first checkpoints above a size, smallest first. */
    List<SignedHead> checkpointsAbove(Connection connection, String tenant, long size, int limit) throws SQLException {
        return checkpoints(connection, tenant, "size > ? ORDER BY size", size, limit);
    }

    private List<SignedHead> checkpoints(Connection connection, String tenant, String which, long size, int limit)
            throws SQLException {
        try (var select = prepare(
                connection, "SELECT size, root, note FROM %s.checkpoint WHERE tenant = ? AND " + which + " LIMIT ?")) {
            select.setString(1, tenant);
            select.setLong(2, size);
            select.setInt(3, limit);
            try (ResultSet row = select.executeQuery()) {
                var found = new ArrayList<SignedHead>();
                while (row.next()) {
                    found.add(new SignedHead(row.getLong(1), row.getBytes(2), row.getBytes(3)));
                }
                return found;
            }
        }
    }

    void insertCheckpoint(Connection connection, String tenant, SignedHead checkpoint) throws SQLException {
        try (var insert =
                prepare(connection, "INSERT INTO %s.checkpoint (tenant, size, root, note) VALUES (?, ?, ?, ?)")) {
            insert.setString(1, tenant);
            insert.setLong(2, checkpoint.size());
            insert.setBytes(3, checkpoint.root());
            insert.setBytes(4, checkpoint.note());
            insert.executeUpdate();
        }
    }

    void recordPublished(Connection connection, String tenant, long size) throws SQLException {
        try (var update = prepare(connection, "UPDATE %s.head SET published_size = ? WHERE tenant = ?")) {
            update.setLong(1, size);
            update.setString(2, tenant);
            update.executeUpdate();
        }
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

    private static Array array(Connection connection, List<byte[]> values) throws SQLException {
        return connection.createArrayOf("bytea", values.toArray(byte[][]::new));
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
