package dev.chancery.decision;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.StoredEvent;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What one tenant's decisions rest on, in memory, as of a position.
 *
 * <p><b>Thread safety:</b> one writer, which holds the view's lock while it applies a record's events and its position; any number of
 * readers, which see either all of a record or nothing of it.
 */
final class TenantView {
    private final StreamId foundationStream;
    private final ConcurrentHashMap<String, PrincipalState> principals = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Assignments> assignments = new ConcurrentHashMap<>();
    private volatile FirstGrant foundation = FirstGrant.FOLD.initial();
    private volatile AdoptedContract contract = AdoptedContract.FOLD.initial();
    private volatile RoleModel roleModel = RoleModel.FOLD.initial();
    private volatile long position = -1;
    private volatile boolean followed;

    TenantView(String tenant) {
        foundationStream = AuthorityStreams.foundation(tenant);
    }

    long position() {
        return position;
    }

    /** Whether every record after the position will be applied as it arrives. */
    boolean isFollowed() {
        return followed;
    }

    void setFollowed() {
        followed = true;
    }

    void apply(StreamId stream, StoredEvent event) {
        String name = stream.value();
        if (stream.equals(foundationStream)) {
            foundation = FirstGrant.FOLD.evolve(foundation, event);
        } else if (stream.equals(AuthorityStreams.CONTRACT)) {
            contract = AdoptedContract.FOLD.evolve(contract, event);
        } else if (stream.equals(AuthorityStreams.ROLE_MODEL)) {
            roleModel = RoleModel.FOLD.evolve(roleModel, event);
        } else if (name.startsWith("identity/principal/")) {
            principals.compute(
                    idOf(name),
                    (id, state) ->
                            PrincipalState.FOLD.evolve(state == null ? PrincipalState.FOLD.initial() : state, event));
        } else if (name.startsWith("access/assignments/")) {
            assignments.compute(
                    idOf(name),
                    (id, state) -> Assignments.FOLD.evolve(state == null ? Assignments.NONE : state, event));
        }
    }

    private static String idOf(String stream) {
        return stream.substring(stream.lastIndexOf('/') + 1);
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
                        principals.getOrDefault(principalId, PrincipalState.FOLD.initial()),
                        foundation,
                        contract,
                        roleModel,
                        assignments.getOrDefault(principalId, Assignments.NONE)),
                position);
    }
}
