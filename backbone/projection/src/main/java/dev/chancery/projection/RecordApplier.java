package dev.chancery.projection;

import java.util.List;

/** Applies a tenant's records in the order of their positions; {@link TenantProgress} says which are in turn. */
final class RecordApplier {
    private final PositionTable table;
    private final int maxRun;
    private final Positions positions;

    RecordApplier(PositionTable table, int maxRun, Positions positions) {
        this.table = table;
        this.maxRun = maxRun;
        this.positions = positions;
    }

    /**
     * Applies those records that are in turn. When this throws, whatever {@link TenantProgress#last} covers is committed, and nothing
     * else.
     *
     * @throws ForkFound when two records claim one position
     */
    void apply(TenantProgress progress, List<LogRecord> records) {
        for (TenantProgress.Chunk chunk : progress.inTurn(records, maxRun)) {
            table.apply(progress.tenant, progress.last(), chunk.run(), chunk.repeated());
            if (!chunk.run().isEmpty()) {
                progress.advance(chunk.run().getLast().position());
                positions.advance(progress.tenant, progress.last());
            }
        }
    }
}
