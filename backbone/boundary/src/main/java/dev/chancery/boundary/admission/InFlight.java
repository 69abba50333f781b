package dev.chancery.boundary.admission;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Limits;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import io.micrometer.core.instrument.Metrics;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The calls in flight, and how many there may be: in the process, of any one tenant, and of callers that nobody knows yet. A call has
 * its place from before its body is read until it is answered, so this bounds the bodies in memory as well. Who finds no place is
 * refused at once, and nothing is written.
 *
 * <p>Callers that nobody knows yet (a public method, a token that was not verified before) have places of their own, and only few of
 * them are worked on at a time. So whatever they send, they hold at most {@value #MAX_UNKNOWN_AT_WORK} database connections, and
 * callers whose token is known never wait for them. They can crowd out each other.
 *
 * <p>Once closed it lets nobody in, and closing waits for those who are: what has begun is ended before the parts that it needs are.
 *
 * <p><b>Thread safety:</b> safe; a {@link Permit} is its call's. <b>Limits:</b> {@value #MAX_CALLS} calls of known callers, {@value
 * #MAX_OF_A_TENANT} of a tenant, {@value #MAX_UNKNOWN} of unknown callers, each of which waits {@value #TURN_WAIT_MILLIS} ms for its
 * turn at most. Closing waits for the longest that a command may take, {@value Limits#DEADLINE_MILLIS} ms.
 */
public final class InFlight implements AutoCloseable {
    /** Of known callers, of whichever tenant. */
    static final int MAX_CALLS = 1_024;

    /** Of one tenant: several would have to flood at once to take every place. */
    static final int MAX_OF_A_TENANT = 256;

    /** Of callers that nobody knows yet. */
    static final int MAX_UNKNOWN = 128;

    /** Those of them that are worked on; well below the connections that a database role has. */
    public static final int MAX_UNKNOWN_AT_WORK = 4;

    /** How long one of them waits for its turn; the others take a few milliseconds each, unless what they need is stuck. */
    static final long TURN_WAIT_MILLIS = 2_000;

    private static final long CLOSE_PAUSE_NANOS = 5_000_000;

    private final AtomicInteger known = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final Semaphore turns = new Semaphore(MAX_UNKNOWN_AT_WORK, true);
    private final ConcurrentHashMap<String, Integer> ofTenants = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * Lets a call in.
     *
     * @param caller empty: nobody knows yet
     * @throws RefusedException when there is no place
     */
    public Permit enter(Optional<Principal> caller) throws RefusedException {
        if (caller.isPresent()) {
            take(caller.get().tenant());
        } else if (unknown.incrementAndGet() > MAX_UNKNOWN) {
            unknown.decrementAndGet();
            throw refusal(BoundaryRejection.OVERLOADED);
        }
        var place = new Permit(caller);
        // After it has counted: close() sees either this or nobody.
        if (closed) {
            place.close();
            throw refusal(BoundaryRejection.UNAVAILABLE);
        }
        return place;
    }

    private void take(String tenant) throws RefusedException {
        if (known.incrementAndGet() > MAX_CALLS) {
            known.decrementAndGet();
            throw refusal(BoundaryRejection.OVERLOADED);
        }
        if (ofTenants.merge(tenant, 1, Integer::sum) > MAX_OF_A_TENANT) {
            giveBack(tenant);
            throw refusal(BoundaryRejection.TENANT_OVERLOADED);
        }
    }

    private void giveBack(String tenant) {
        ofTenants.computeIfPresent(tenant, (name, count) -> count == 1 ? null : count - 1);
        known.decrementAndGet();
    }

    private static RefusedException refusal(Rejection why) {
        Metrics.counter("chancery.calls.turned.away", "code", why.code()).increment();
        return new RefusedException(why);
    }

    /** Calls of callers that are known. */
    public int knownCalls() {
        return known.get();
    }

    /** Calls of callers that are not. */
    public int unknownCalls() {
        return unknown.get();
    }

    /** Lets nobody in any more, and waits for those who are. */
    @Override
    public void close() {
        closed = true;
        long begun = System.nanoTime();
        while (known.get() + unknown.get() > 0
                && System.nanoTime() - begun < TimeUnit.MILLISECONDS.toNanos(Limits.DEADLINE_MILLIS)) {
            LockSupport.parkNanos(CLOSE_PAUSE_NANOS);
        }
    }

    /** A call's place, until it is closed. */
    public final class Permit implements AutoCloseable {
        private Optional<Principal> caller;
        private boolean hasTurn;

        private Permit(Optional<Principal> caller) {
            this.caller = caller;
        }

        /** Whose it is; empty: nobody knows yet. */
        public Optional<Principal> caller() {
            return caller;
        }

        /**
         * Waits until work may be done for somebody whom nobody knows yet.
         *
         * @throws RefusedException when that takes too long
         */
        public void awaitTurn() throws RefusedException {
            // Those who are known come here too, with a public method: more than the unknown may be don't wait either.
            if (turns.getQueueLength() >= MAX_UNKNOWN) {
                throw refusal(BoundaryRejection.OVERLOADED);
            }
            try {
                hasTurn = turns.tryAcquire(TURN_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (!hasTurn) {
                throw refusal(BoundaryRejection.OVERLOADED);
            }
        }

        /**
         * Takes one of the places of a caller who is known now, instead of one among the unknown.
         *
         * @throws RefusedException when there is none
         */
        public void becomes(Principal principal) throws RefusedException {
            take(principal.tenant());
            close();
            caller = Optional.of(principal);
        }

        @Override
        public void close() {
            if (hasTurn) {
                hasTurn = false;
                turns.release();
            }
            caller.map(Principal::tenant).ifPresentOrElse(InFlight.this::giveBack, unknown::decrementAndGet);
        }
    }
}
