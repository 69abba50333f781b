package dev.chancery.boundary.admission;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Limits;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import io.micrometer.core.instrument.Metrics;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Admission control: how many calls may be in flight in the process, of one tenant, and of unknown callers. A call holds its permit from
 * before its body is read until it has been answered, so this bounds the bodies in memory as well. Calls beyond a limit are refused at
 * once, not queued, and nothing is written for them.
 *
 * <p>A caller is unknown when it calls a public method, or with a token that does not verify at once. Unknown callers have permits
 * of their own, and share {@value #MAX_UNKNOWN_AT_WORK} worker slots. So they hold at most that many database connections, and callers
 * whose token is known never wait for them. An unknown caller whose body is still on its way gives way to the next one when there is no
 * permit left, the one that has waited longest first: whoever sends a request whole gets it read, however many others don't. Where none
 * is left of those either, {@value #MAX_UNKNOWN_ON_TRIAL} more are admitted on trial: they are read, and refused unless they turn out to
 * come from somebody known.
 *
 * <p>Once closed it admits no call, and closing waits until the admitted ones are answered: only then are the parts closed that they
 * need.
 *
 * <p><b>Thread safety:</b> safe; a {@link Permit} belongs to its call. <b>Limits:</b> {@value #MAX_CALLS} calls of known callers,
 * {@value #MAX_OF_A_TENANT} of a tenant, {@value #MAX_UNKNOWN} of unknown callers and {@value #MAX_UNKNOWN_ON_TRIAL} on trial, each of which waits {@value #SLOT_WAIT_MILLIS} ms for
 * a worker slot at most. Closing waits for the longest that a command may take, {@value Limits#DEADLINE_MILLIS} ms.
 */
public final class InFlight implements AutoCloseable {
    /** Of known callers, of whichever tenant. */
    static final int MAX_CALLS = 1_024;

    /** Of one tenant: several tenants would have to flood at once to use up every permit. */
    static final int MAX_OF_A_TENANT = 256;

    /** Of unknown callers. */
    static final int MAX_UNKNOWN = 128;

    /** Of further callers that seem unknown: their requests are read, and refused unless they come from somebody known. */
    static final int MAX_UNKNOWN_ON_TRIAL = 128;

    /** Worker slots of unknown callers; well below the connections that a database role has. */
    public static final int MAX_UNKNOWN_AT_WORK = 4;

    /** How long an unknown caller waits for a worker slot; each is held for a few milliseconds, unless what it needs is stuck. */
    static final long SLOT_WAIT_MILLIS = 2_000;

    private static final long CLOSE_PAUSE_NANOS = 5_000_000;

    private final AtomicInteger known = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final Semaphore slots = new Semaphore(MAX_UNKNOWN_AT_WORK, true);
    private final ConcurrentHashMap<String, Integer> ofTenants = new ConcurrentHashMap<>();
    private final SequencedSet<Permit> awaitingBodies = new LinkedHashSet<>();
    private volatile boolean closed;

    /**
     * Admits a call.
     *
     * @param caller empty: unknown
     * @throws RefusedException when a limit is reached
     */
    public Permit enter(Optional<Principal> caller) throws RefusedException {
        if (caller.isPresent()) {
            take(caller.get().tenant());
        }
        var permit = new Permit(caller, caller.isEmpty() && takeUnknown());
        // After it was counted: either close() sees this call, or this call sees that it is closed.
        if (closed) {
            permit.close();
            throw refusal(BoundaryRejection.UNAVAILABLE);
        }
        return permit;
    }

    /** Whether the permit is on trial only. */
    private boolean takeUnknown() throws RefusedException {
        int taken = unknown.incrementAndGet();
        if (taken <= MAX_UNKNOWN || oldestAwaitingGivesWay()) {
            return false;
        }
        if (taken > MAX_UNKNOWN + MAX_UNKNOWN_ON_TRIAL) {
            unknown.decrementAndGet();
            throw refusal(BoundaryRejection.OVERLOADED);
        }
        return true;
    }

    private boolean oldestAwaitingGivesWay() {
        while (true) {
            Permit oldest;
            synchronized (awaitingBodies) {
                if (awaitingBodies.isEmpty()) {
                    return false;
                }
                oldest = awaitingBodies.removeFirst();
            }
            if (oldest.giveWay.getAsBoolean()) {
                return true;
            }
        }
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

    /** Calls of known callers. */
    public int knownCalls() {
        return known.get();
    }

    /** Calls of unknown callers. */
    public int unknownCalls() {
        return unknown.get();
    }

    /** Admits no call any more, and waits for those under way. */
    @Override
    public void close() {
        closed = true;
        long begun = System.nanoTime();
        while (known.get() + unknown.get() > 0
                && System.nanoTime() - begun < TimeUnit.MILLISECONDS.toNanos(Limits.DEADLINE_MILLIS)) {
            LockSupport.parkNanos(CLOSE_PAUSE_NANOS);
        }
    }

    /** A call's admission, until it is closed as often as it is kept. */
    public final class Permit implements AutoCloseable {
        private final AtomicInteger keepers = new AtomicInteger(1);
        private Optional<Principal> caller;
        private boolean onTrial;
        private boolean hasSlot;
        private BooleanSupplier giveWay = () -> false;

        private Permit(Optional<Principal> caller, boolean onTrial) {
            this.caller = caller;
            this.onTrial = onTrial;
        }

        /**
         * The call's body is on its way.
         *
         * @param gives asked, on any thread, to end the call and close this permit in favour of another call; false: it was too late
         */
        void awaitsBody(BooleanSupplier gives) {
            if (caller.isEmpty()) {
                giveWay = gives;
                synchronized (awaitingBodies) {
                    awaitingBodies.add(this);
                }
            }
        }

        /** The body has arrived, or won't. */
        void awaitsNothing() {
            if (caller.isEmpty()) {
                synchronized (awaitingBodies) {
                    awaitingBodies.remove(this);
                }
            }
        }

        /** Whose it is; empty: unknown. */
        public Optional<Principal> caller() {
            return caller;
        }

        /**
         * Waits for a worker slot of unknown callers.
         *
         * @throws RefusedException when that takes too long
         */
        public void awaitWorkerSlot() throws RefusedException {
            // Known callers of public methods come here too: no more calls wait than unknown callers may have.
            if (onTrial || slots.getQueueLength() >= MAX_UNKNOWN) {
                throw refusal(BoundaryRejection.OVERLOADED);
            }
            try {
                hasSlot = slots.tryAcquire(SLOT_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (!hasSlot) {
                throw refusal(BoundaryRejection.OVERLOADED);
            }
        }

        /**
         * Exchanges the permit of an unknown caller for one of its tenant, once it is known who calls.
         *
         * @throws RefusedException when a limit is reached
         */
        public void becomes(Principal principal) throws RefusedException {
            take(principal.tenant());
            release();
            caller = Optional.of(principal);
            onTrial = false;
        }

        /** Keeps it for somebody more, who closes it as well: work that may outlast the call's answer. */
        public void keep() {
            keepers.incrementAndGet();
        }

        @Override
        public void close() {
            if (keepers.decrementAndGet() == 0) {
                release();
            }
        }

        private void release() {
            if (hasSlot) {
                hasSlot = false;
                slots.release();
            }
            caller.map(Principal::tenant).ifPresentOrElse(InFlight.this::giveBack, unknown::decrementAndGet);
        }
    }
}
