package dev.chancery.ledger;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * The ledger as files. Whatever it answers is covered by the newest checkpoint: what has grown past that, and is not signed yet,
 * is not there.
 *
 * <p>Of a tile or bundle it serves every width that the newest checkpoint covers. That is more than C2SP asks (the widths of sizes
 * that have a checkpoint), and so an auditor who works with one checkpoint is not overtaken by the next; and since a narrower tile is
 * what the wider one begins with, each file, once there, has the same bytes for ever.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> a tile has at most 8 KiB, a bundle 8 MiB and its bodies 256 times a record's limit.
 */
public final class LedgerReader {
    private final Database database;
    private final LedgerTables tables = new LedgerTables("ledger");

    public LedgerReader(Database database) {
        this.database = database;
    }

    /** The newest signed head; empty for a log without records. */
    public Optional<SignedHead> head(String tenant) {
        return read(tenant, connection -> tables.newestCheckpoint(connection, tenant));
    }

    /** The signed head of a tree of this size, which has one if a checkpoint was made of it. */
    Optional<SignedHead> head(String tenant, long size) {
        return read(tenant, connection -> tables.checkpoint(connection, tenant, size));
    }

    /** How many records the log has, whether they came here or not. */
    long records(String tenant) {
        return database.inTenant(DatabaseRole.LEDGER, tenant, tables::records);
    }

    /** The newest checkpoint: a signed note, in UTF-8. */
    public Optional<byte[]> checkpoint(String tenant) {
        return head(tenant).map(SignedHead::note);
    }

    /** A file by its name. */
    public Optional<byte[]> file(String tenant, TilePath path) {
        return switch (path) {
            case TilePath.Hashes(int level, long index, int width) -> tile(tenant, level, index, width);
            case TilePath.Entries(long index, int width) -> entries(tenant, index, width);
            case TilePath.Bodies(long index, int width) -> bodies(tenant, index, width);
        };
    }

    /** The first {@code width} hashes of a tile, end to end. */
    public Optional<byte[]> tile(String tenant, int level, long index, int width) {
        return covered(
                tenant, level, index, width, connection -> tables.hashes(connection, tenant, level, index, width));
    }

    /** A bundle's first {@code width} entries, each after its length as two bytes. */
    public Optional<byte[]> entries(String tenant, long index, int width) {
        return covered(tenant, 0, index, width, connection -> {
            var bundle = new ByteArrayOutputStream();
            tables.eachRecord(connection, tenant, "entry", index * Tile.WIDTH, width, (n, entry) -> {
                bundle.writeBytes(ByteBuffer.allocate(Short.BYTES)
                        .putShort((short) entry.length)
                        .array());
                bundle.writeBytes(entry);
            });
            return bundle.toByteArray();
        });
    }

    /** The bodies of a bundle's first {@code width} records, as the export has them (docs/reference/formats.md). */
    public Optional<byte[]> bodies(String tenant, long index, int width) {
        return covered(tenant, 0, index, width, connection -> {
            var bodies = new ByteArrayOutputStream();
            tables.eachRecord(
                    connection, tenant, "bodies", index * Tile.WIDTH, width, (n, frame) -> bodies.writeBytes(frame));
            return bodies.toByteArray();
        });
    }

    /** The entry at a position that the newest checkpoint covers. */
    byte[] entry(String tenant, long position) {
        return database.inTenant(DatabaseRole.LEDGER, tenant, connection -> {
            byte[][] found = new byte[1][];
            tables.eachRecord(connection, tenant, "entry", position, 1, (n, entry) -> found[n] = entry);
            return found[0];
        });
    }

    /** The bodies of the record at a position that the newest checkpoint covers, as the export has them. */
    byte[] bodies(String tenant, long position) {
        return database.inTenant(DatabaseRole.LEDGER, tenant, connection -> {
            byte[][] found = new byte[1][];
            tables.eachRecord(connection, tenant, "bodies", position, 1, (n, bodies) -> found[n] = bodies);
            return found[0];
        });
    }

    /** The audit path of a leaf of a signed head's tree, from the leaf up (RFC 6962, section 2.1.1). */
    List<byte[]> inclusion(String tenant, SignedHead head, long position) {
        return prove(tenant, head, proofs -> proofs.inclusion(position));
    }

    /** That a signed head's tree began as the one of {@code oldSize} entries, 1 at least (RFC 6962, section 2.1.2). */
    List<byte[]> consistency(String tenant, SignedHead head, long oldSize) {
        return prove(tenant, head, proofs -> proofs.consistency(oldSize));
    }

    @FunctionalInterface
    private interface Proving {
        List<byte[]> prove(Proofs<SQLException> proofs) throws SQLException;
    }

    /** What lies under a signed head never changes, so it may have been read in a transaction before this one. */
    private List<byte[]> prove(String tenant, SignedHead head, Proving proving) {
        return database.inTenant(
                DatabaseRole.LEDGER,
                tenant,
                connection -> proving.prove(new Proofs<>(
                        head.size(), (level, index, width) -> tables.hashes(connection, tenant, level, index, width))));
    }

    private Optional<byte[]> covered(String tenant, int level, long index, int width, Database.Work<byte[]> work) {
        return read(tenant, connection -> {
            long size = tables.newestCheckpoint(connection, tenant)
                    .map(SignedHead::size)
                    .orElse(0L);
            return covers(size, level, index, width) ? Optional.of(work.run(connection)) : Optional.empty();
        });
    }

    /** Whether a tree of {@code size} entries has that many hashes in that tile. Safe for whatever numbers a path holds. */
    private static boolean covers(long size, int level, long index, int width) {
        if (level < 0 || index < 0 || width < 1 || width > Tile.WIDTH) {
            return false;
        }
        long hashes = Tile.hashesAt(level, size);
        return index <= hashes / Tile.WIDTH && index * Tile.WIDTH + width <= hashes;
    }

    private <T> Optional<T> read(String tenant, Database.Work<Optional<T>> work) {
        return database.inTenant(DatabaseRole.LEDGER, tenant, work);
    }
}
