package dev.chancery.decision;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What one tenant's decisions rest on, in memory, as of a position: a state for each stream of each part.
 *
 * <p><b>Thread safety:</b> safe. Whoever reads the log on holds {@link #reading} while PostgreSQL answers, and the view's own lock only
 * while it applies what came of it: those who ask see all of a record or nothing of it, and never wait for PostgreSQL.
 */
final class TenantView implements TenantState {
    private final String tenant;
    private final States states;

    /** Times that somebody asked for a read since the last one began; see {@link DecisionPoint}. */
    final AtomicInteger wakes = new AtomicInteger();

    private final Object reading = new Object();
    private volatile long position = -1;
    private volatile boolean followed;

    TenantView(String tenant, List<Part<?>> parts) {
        this.tenant = tenant;
        this.states = new States(tenant, parts);
    }

    @Override
    public long position() {
        return position;
    }

    /** How many streams there is a state of. */
    int size() {
        return states.size();
    }

    /** Whether every record after the position will be applied as it arrives. */
    boolean isFollowed() {
        return followed;
    }

    void setFollowed() {
        followed = true;
    }

    String tenant() {
        return tenant;
    }

    /**
     * Reads what was committed after the position.
     *
     * @throws IllegalStateException when the log is shorter than what was read of it: another one has taken its place
     */
    void readUp(StreamScan scan, List<String> streams) {
        synchronized (reading) {
            var changes = new ArrayList<Change>();
            long last = scan.scan(tenant, streams, position, (stream, event) -> changes.add(new Change(stream, event)));
            if (last < position) {
                throw new IllegalStateException("the log ends at " + last + ", before " + position);
            }
            applyAll(changes, last);
        }
    }

    private record Change(StreamId stream, StoredEvent event) {}

    private synchronized void applyAll(List<Change> changes, long newPosition) {
        for (Change change : changes) {
            states.apply(change.stream(), change.event());
        }
        position = newPosition;
        notifyAll();
    }

    /** Waits for a position; false when it did not come in time. */
    synchronized boolean await(long wanted, long atMostMillis) {
        long deadline = System.nanoTime() + atMostMillis * 1_000_000;
        while (position < wanted) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            try {
                wait(leftMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    @Override
    public synchronized AuthorityAt authority(String principalId, String actingForId, String aboutId) {
        return states.authority(principalId, actingForId, aboutId, position);
    }

    @Override
    public synchronized <S> S state(Part<S> part, String id) {
        return states.state(part, id);
    }

    @Override
    public synchronized List<String> principals() {
        return states.ids(AuthorityParts.PRINCIPAL);
    }

    @Override
    public synchronized List<String> ids(Part<?> part) {
        return states.ids(part);
    }

    /** What is seen now, for good. */
    synchronized Snapshot snapshot() {
        return new Snapshot(states.copy(), position);
    }
}
