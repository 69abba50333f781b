package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.LogRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** One process of the ledger, as its runner sees it: runs are applied and committed, and then its checkpoints are brought up. */
final class Ledger {
    final Database database;
    final LogKey key;
    final List<String> published = new CopyOnWriteArrayList<>();
    final LedgerProjection projection;
    final Checkpoints checkpoints;
    final LedgerReader reader;

    /** The process died here, where a test throws it. */
    static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    Ledger(Database database, LogKey key) {
        this.database = database;
        this.key = key;
        checkpoints = new Checkpoints(
                database, Records.INSTANCE, key, (origin, note) -> published.add(new String(note, UTF_8)));
        projection = new LedgerProjection(Records.INSTANCE, checkpoints::signAndPublish);
        reader = new LedgerReader(database);
    }

    /** The process after this one, on the same database. */
    Ledger restarted() {
        return new Ledger(database, key);
    }

    /** Applies and commits, and dies before anything is signed. */
    void commit(List<LogRecord> run) {
        String tenant = run.getFirst().tenant();
        database.inTenant(projection.role(), tenant, connection -> {
            projection.apply(connection, tenant, run);
            try (var upsert = connection.prepareStatement("INSERT INTO ledger.position (tenant, position)"
                    + " VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET position = excluded.position")) {
                upsert.setString(1, tenant);
                upsert.setLong(2, run.getLast().position());
                return upsert.executeUpdate();
            }
        });
    }

    void drain(String tenant, long first, long beforeLast, int runRecords) {
        for (long from = first; from < beforeLast; from += runRecords) {
            long to = Math.min(beforeLast, from + runRecords);
            commit(Records.from(tenant, from, to));
            projection.committed(tenant, to - 1);
        }
    }

    /** Applies a run and dies before it is committed. */
    void rollBack(List<LogRecord> run) {
        String tenant = run.getFirst().tenant();
        try {
            database.inTenant(projection.role(), tenant, connection -> {
                projection.apply(connection, tenant, run);
                throw new Crash();
            });
        } catch (Crash e) {
            return;
        }
        throw new AssertionError("committed");
    }

    void seenAgain(LogRecord record) {
        database.inTenant(DatabaseRole.LEDGER, record.tenant(), connection -> {
            projection.seenAgain(connection, record);
            return true;
        });
    }

    LogKey.Checkpoint checkpoint(String tenant) {
        return key.open(new String(reader.checkpoint(tenant).orElseThrow(), UTF_8));
    }

    List<Long> publishedSizes() {
        var sizes = new ArrayList<Long>();
        published.forEach(note -> sizes.add(key.open(note).size()));
        return sizes;
    }
}
