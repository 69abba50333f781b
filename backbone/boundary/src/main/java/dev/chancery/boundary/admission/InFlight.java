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
 * Admission control: how many calls may be in flight in the process, of one tenant, and of unknown callers. A call holds its permit from
 * before its body is read until it has been answered, so this bounds the bodies in memory as well. Calls beyond a limit are refused at
 * once, not queued, and nothing is written for them.
 *
 * <p>A caller is unknown when it calls a public method, or with a token that has not been verified before. Unknown callers have permits
 * of their own, and share {@value #MAX_UNKNOWN_AT_WORK} worker slots. So they hold at most that many database connections, and callers
 * whose token is known never wait for them. They can crowd out each other.
 *
 * <p>Once closed it admits no call, and closing waits until the admitted ones are answered: only then are the parts closed that they
 * need.
 *
 * <p><b>Thread safety:</b> safe; a {@link Permit} belongs to its call. <b>Limits:</b> {@value #MAX_CALLS} calls of known callers,
 * {@value #MAX_OF_A_TENANT} of a tenant, {@value #MAX_UNKNOWN} of unknown callers, each of which waits {@value #SLOT_WAIT_MILLIS} ms for
 * a worker slot at most. Closing waits for the longest that a command may take, {@value Limits#DEADLINE_MILLIS} ms.
 */
public final class InFlight implements AutoCloseable {
    /** Of known callers, of whichever tenant. */
    static final int MAX_CALLS = 1_024;

    /** Of one tenant: several tenants would have to flood at once to use up every permit. */
    static final int MAX_OF_A_TENANT = 256;

    /** Of unknown callers. */
    static final int MAX_UNKNOWN = 128;

    /** Worker slots of unknown callers; well below the connections that a database role has. */
    public static final int MAX_UNKNOWN_AT_WORK = 4;

    /** How long an unknown caller waits for a worker slot; each is held for a few milliseconds, unless what it needs is stuck. */
    static final long SLOT_WAIT_MILLIS = 2_000;

    private static final long CLOSE_PAUSE_NANOS = 5_000_000;

    private final AtomicInteger known = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final Semaphore slots = new Semaphore(MAX_UNKNOWN_AT_WORK, true);
    private final ConcurrentHashMap<String, Integer> ofTenants = new ConcurrentHashMap<>();
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
        } else if (unknown.incrementAndGet() > MAX_UNKNOWN) {
            unknown.decrementAndGet();
            throw refusal(BoundaryRejection.OVERLOADED);
        }
        var permit = new Permit(caller);
        // After it was counted: either close() sees this call, or this call sees that it is closed.
        if (closed) {
            permit.close();
            throw refusal(BoundaryRejection.UNAVAILABLE);
        }
        return permit;
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

    /** A call's admission, until it is closed. */
    public final class Permit implements AutoCloseable {
        private Optional<Principal> caller;
        private boolean hasSlot;

        private Permit(Optional<Principal> caller) {
            this.caller = caller;
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
            if (slots.getQueueLength() >= MAX_UNKNOWN) {
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
            close();
            caller = Optional.of(principal);
        }

        @Override
        public void close() {
            if (hasSlot) {
                hasSlot = false;
                slots.release();
            }
            caller.map(Principal::tenant).ifPresentOrElse(InFlight.this::giveBack, unknown::decrementAndGet);
        }
    }
}
