package dev.chancery.boundary.admission;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Caller;
import dev.chancery.command.RefusedException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An HTTP call that was admitted and whose body has arrived. Its permit is released once the response has ended and nothing works on
 * the call any more: a client that closes its connection does not make room for its next call while the first is still running.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class AdmittedCall {
    private final Caller caller;
    private final InFlight.Permit permit;
    private final AtomicBoolean responseEnded = new AtomicBoolean();

    /** The response, and each piece of work under way. */
    private final AtomicInteger holders = new AtomicInteger(1);

    public AdmittedCall(Caller caller, InFlight.Permit permit) {
        this.caller = caller;
        this.permit = permit;
    }

    public Caller caller() {
        return caller;
    }

    public InFlight.Permit permit() {
        return permit;
    }

    /** Work on a call, until it is closed. */
    public interface Work extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Keeps the permit until the work is closed.
     *
     * @throws RefusedException when the response has ended already, so that nobody would hear the result
     */
    public Work begin() throws RefusedException {
        if (holders.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
            throw new RefusedException(BoundaryRejection.UNAVAILABLE);
        }
        return this::release;
    }

    /** The response was sent, or its connection was closed. */
    public void responseEnded() {
        if (responseEnded.compareAndSet(false, true)) {
            release();
        }
    }

    private void release() {
        if (holders.decrementAndGet() == 0) {
            permit.close();
        }
    }
}
