package dev.chancery.projection;

import java.util.ArrayList;
import java.util.List;

/**
 * Gives a projection its records in their turn: exactly last + 1. At or below last is shown again, what comes too early waits
 * in {@link TenantProgress#ahead}.
 */
final class Turns {
    private final PositionTable table;
    private final int maxRun;
    private final Positions positions;

    Turns(PositionTable table, int maxRun, Positions positions) {
        this.table = table;
        this.maxRun = maxRun;
        this.positions = positions;
    }

    /**
     * Takes a tenant's records in whatever order. When this throws, what wasn't committed waits in {@code ahead}.
     *
     * @throws ForkFound when two records claim one position
     */
    void take(TenantProgress progress, List<LogRecord> records) {
        var run = new ArrayList<LogRecord>();
        var again = new ArrayList<LogRecord>();
        try {
            for (LogRecord record : records) {
                long next = progress.last + run.size() + 1;
                if (record.position() < next) {
                    again.add(record);
                } else if (record.position() == next) {
                    run.add(record);
                } else {
                    progress.mustSearch |= progress.ahead.isEmpty();
                    progress.keep(record);
                }
                if (run.size() == maxRun || again.size() == maxRun) {
                    commit(progress, run, again);
                }
            }
            commit(progress, run, again);
        } catch (ForkFound e) {
            throw e;
        } catch (RuntimeException e) {
            waitAgain(progress, records);
            throw e;
        }
        takeWaiting(progress);
    }

    /** Applies those of the waiting records whose turn it is. */
    void takeWaiting(TenantProgress progress) {
        List<LogRecord> run = progress.ahead.takeRun(progress.last + 1, maxRun);
        while (!run.isEmpty()) {
            List<LogRecord> taken = List.copyOf(run);
            try {
                commit(progress, run, new ArrayList<>());
            } catch (ForkFound e) {
                throw e;
            } catch (RuntimeException e) {
                waitAgain(progress, taken);
                throw e;
            }
            run = progress.ahead.takeRun(progress.last + 1, maxRun);
        }
    }

    private static void waitAgain(TenantProgress progress, List<LogRecord> records) {
        for (LogRecord record : records) {
            if (record.position() > progress.last) {
                progress.keep(record);
            }
        }
    }

    private void commit(TenantProgress progress, List<LogRecord> run, List<LogRecord> again) {
        if (run.isEmpty() && again.isEmpty()) {
            return;
        }
        table.apply(progress.tenant, progress.last, run, again);
        if (!run.isEmpty()) {
            progress.last = run.getLast().position();
            positions.advance(progress.tenant, progress.last);
        }
        run.clear();
        again.clear();
    }
}
