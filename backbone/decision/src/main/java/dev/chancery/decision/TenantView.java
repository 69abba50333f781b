package dev.chancery.decision;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.StoredEvent;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What one tenant's decisions rest on, in memory, as of a position: a state for each stream of each part.
 *
 * <p><b>Thread safety:</b> one writer, which holds the view's lock while it applies a record's events and its position; any number of
 * readers, which see either all of a record or nothing of it.
 */
final class TenantView {
    private final String tenant;
    private final List<Part<?>> parts;
    /** By the stream's name, whose part tells the state's type. */
    private final ConcurrentHashMap<String, Object> states = new ConcurrentHashMap<>();

    private volatile long position = -1;
    private volatile boolean followed;

    TenantView(String tenant, List<Part<?>> parts) {
        this.tenant = tenant;
        this.parts = parts;
    }

    long position() {
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

    void apply(StreamId stream, StoredEvent event) {
        for (Part<?> part : parts) {
            if (part.covers(stream)) {
                states.compute(stream.value(), (name, state) -> part.evolved(state, event));
                return;
            }
        }
    }

    /** Says that everything up to a position has been applied, and wakes who waits for it. */
    synchronized void reached(long newPosition) {
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

    synchronized AuthorityAt authority(String principalId) {
        return new AuthorityAt(
                new Authority(
                        principalId,
                        state(AuthorityParts.PRINCIPAL, principalId),
                        state(AuthorityParts.firstGrant(tenant), ""),
                        state(AuthorityParts.CONTRACT, ""),
                        state(AuthorityParts.ROLE_MODEL, ""),
                        state(AuthorityParts.ASSIGNMENTS, principalId)),
                position);
    }

    /** The state of one stream of a part, which must be one of this view's; the initial one where it has no events. */
    @SuppressWarnings("unchecked")
    synchronized <S> S state(Part<S> part, String id) {
        @Nullable Object state = states.get(part.streamPrefix() + id);
        return state == null ? part.fold().initial() : (S) state;
    }
}
