package dev.chancery.ledger;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;

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

    /**
     * Hashes that prove a record to be in the tree of the newest checkpoint (RFC 6962, section 2.1.1), from the leaf up; empty
     * when that tree does not reach it.
     */
    public Optional<List<byte[]>> inclusion(String tenant, long position) {
        return prove(tenant, size -> position >= 0 && position < size, proofs -> proofs.inclusion(position));
    }

    /**
     * Hashes that prove the tree of the newest checkpoint to have begun as the one of {@code olderSize} entries (RFC 6962, section
     * 2.1.2); empty when it is smaller, or {@code olderSize} is 0.
     */
    public Optional<List<byte[]>> consistency(String tenant, long olderSize) {
        return prove(tenant, size -> olderSize >= 1 && olderSize <= size, proofs -> proofs.consistency(olderSize));
    }

    @FunctionalInterface
    private interface Proving {
        List<byte[]> prove(Proofs<SQLException> proofs) throws SQLException;
    }

    private Optional<List<byte[]>> prove(String tenant, LongPredicate reaches, Proving proving) {
        return read(tenant, connection -> {
            Optional<SignedHead> head = tables.newestCheckpoint(connection, tenant);
            if (head.isEmpty() || !reaches.test(head.get().size())) {
                return Optional.empty();
            }
            return Optional.of(proving.prove(new Proofs<>(
                    head.get().size(),
                    (level, index, width) -> tables.hashes(connection, tenant, level, index, width))));
        });
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
