package dev.chancery.projection;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where one tenant stands, as the thread that applies its records knows it. */
final class TenantProgress {
    final String tenant;
    final int partition;
    /** The last position applied and committed; -1 for none. */
    long last;
    /** Nothing of this tenant is applied any more. */
    boolean stopped;
    /** Records that wait for a missing one, or for an apply that failed. */
    Ahead ahead;
    /** The partition is read again from here after a restart; -1 while nothing waits. */
    long heldOffset = -1;
    /** What is missing may lie in the partition before where the loop has come. */
    boolean mustSearch;
    /** A search under way. */
    @Nullable
    CompletableFuture<Ahead> search;

    long retryAtNanos;
    Duration backoff = Duration.ZERO;

    TenantProgress(String tenant, int partition, long last, boolean stopped, int maxAhead) {
        this.tenant = tenant;
        this.partition = partition;
        this.last = last;
        this.stopped = stopped;
        this.ahead = new Ahead(maxAhead);
    }

    boolean isHeld() {
        return heldOffset >= 0;
    }

    /** Keeps a record until its turn. */
    void keep(LogRecord record) {
        hold(record.offset());
        ahead.add(record);
    }

    private void hold(long offset) {
        heldOffset = isHeld() ? Math.min(heldOffset, offset) : offset;
    }

    void release(int maxAhead) {
        ahead = new Ahead(maxAhead);
        heldOffset = -1;
        mustSearch = false;
        search = null;
        backoff = Duration.ZERO;
    }
}
