package dev.chancery.ledger;

import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.ForkFound;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.projection.ViewHash;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Grows each tenant's tree by the records of its log: records, full tiles and head in one transaction, under the head's lock.
 *
 * <p>The tree's edge is kept in memory between runs, as a cache: it is used when it stands where the head stands, and read from
 * the tables when it does not (a start, a rollback, another process). What is read must come to the head's root, or nothing grows.
 *
 * <p><b>Thread safety:</b> safe for different tenants at once. <b>Limits:</b> {@link #TREES} edges of at most 40 KiB or so.
 */
public final class LedgerProjection implements Projection {
    /** Trees of which the edge is kept in memory. */
    static final int TREES = 256;

    private static final Logger LOG = Logger.getLogger(LedgerProjection.class);

    private final String instanceId;
    private final DatabaseRole role;
    private final String schema;
    private final LedgerTables tables;
    private final Consumer<String> grown;
    private final LinkedHashMap<String, Grown> trees = new LinkedHashMap<>(TREES, 0.75f, true);

    @SuppressWarnings("ArrayRecordComponent") // compared by content, below
    private record Grown(MerkleTree tree, byte[] root) {}

    /**
     * The live ledger.
     *
     * @param grown called after each commit with the tenant whose log has grown: {@link CheckpointWorker#due}
     */
    public LedgerProjection(String instanceId, Consumer<String> grown) {
        this(instanceId, DatabaseRole.LEDGER, "ledger", grown);
    }

    /** A ledger in a schema of its own, e.g. rebuilt to be compared. */
    public LedgerProjection(String instanceId, DatabaseRole role, String schema, Consumer<String> grown) {
        this.instanceId = instanceId;
        this.role = role;
        this.schema = schema;
        this.tables = new LedgerTables(schema);
        this.grown = grown;
    }

    @Override
    public String name() {
        return "ledger";
    }

    @Override
    public DatabaseRole role() {
        return role;
    }

    @Override
    public String schema() {
        return schema;
    }

    @Override
    public List<String> tables() {
        return List.of("head", "record", "tile", "checkpoint");
    }

    /** The root of the tree as it stands, signed or not: it stands for every entry. */
    @Override
    public ViewHash contents(Connection connection, String tenant) throws SQLException {
        return tables.treeHead(connection, tenant);
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        String origin = Origin.of(instanceId, tenant);
        Head head = tables.lockOrBeginHead(connection, tenant, origin);
        MerkleTree tree = treeAt(connection, tenant, head);
        var filled = new ArrayList<Tile>();
        for (LogRecord record : run) {
            if (record.position() != tree.size()) {
                throw new IllegalStateException("a run begins after the last applied position and has no gaps");
            }
            if (!record.statement().getOrigin().equals(origin)) {
                LOG.errorf("record of another log; tenant=%s position=%d", tenant, record.position());
                throw new ForkFound(tenant, record.position());
            }
            tree.append(record.entry(), filled);
        }
        byte[] root = tree.root();
        tables.grow(connection, tenant, run, filled, new Head(tree.size(), root, head.publishedSize()));
        keep(tenant, new Grown(tree, root));
    }

    private MerkleTree treeAt(Connection connection, String tenant, Head head) throws SQLException {
        Grown kept = take(tenant);
        if (kept != null && kept.tree().size() == head.size() && Arrays.equals(kept.root(), head.root())) {
            return kept.tree();
        }
        MerkleTree restored = MerkleTree.<SQLException>restore(
                head.size(), (level, index, width) -> tables.hashes(connection, tenant, level, index, width));
        if (!Arrays.equals(restored.root(), head.root())) {
            throw new IllegalStateException("the ledger's tiles do not come to its root");
        }
        return restored;
    }

    @Override
    public void seenAgain(Connection connection, LogRecord record) throws SQLException {
        byte[] bodies = BodiesFrame.of(record.bodies());
        tables.eachRecord(
                connection,
                record.tenant(),
                "entry",
                record.position(),
                1,
                (n, entry) -> compare(record, entry, record.entry()));
        tables.eachRecord(
                connection,
                record.tenant(),
                "bodies",
                record.position(),
                1,
                (n, kept) -> compare(record, kept, bodies));
    }

    private static void compare(LogRecord record, byte[] kept, byte[] seen) {
        if (!Arrays.equals(kept, seen)) {
            throw new ForkFound(record.tenant(), record.position());
        }
    }

    @Override
    public void committed(String tenant, long position) {
        grown.accept(tenant);
    }

    /** Takes the tree out: should the run fail half way, what it did to the tree goes with it. */
    private @Nullable Grown take(String tenant) {
        synchronized (trees) {
            return trees.remove(tenant);
        }
    }

    private void keep(String tenant, Grown tree) {
        synchronized (trees) {
            trees.put(tenant, tree);
            if (trees.size() > TREES) {
                trees.pollFirstEntry();
            }
        }
    }
}
