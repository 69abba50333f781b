package dev.chancery.boundary;

import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.Caller;
import dev.chancery.command.Limits;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * How long a caller waits for its answer, whatever its call waits for: a database that has stopped answering holds each of several
 * steps for its own time. The work goes on after the answer, and keeps the call's permit until it ends, so there is never more of it than
 * permits.
 */
final class Deadline {
    private static final Logger LOG = Logger.getLogger(Deadline.class);

    /** As long as a command has from intent to outcome. */
    static final Duration LIMIT = Duration.ofMillis(Limits.DEADLINE_MILLIS);

    private final Duration limit;

    Deadline(Duration limit) {
        this.limit = limit;
    }

    /**
     * Does work on a thread of its own, and waits for it; empty: it has not ended in time.
     *
     * @param atMost how long the caller itself waits, where that is shorter
     */
    <T> Optional<T> await(InFlight.Permit permit, Caller caller, Duration atMost, Supplier<T> work) {
        Duration wait = atMost.compareTo(limit) < 0 ? atMost : limit;
        var done = new CompletableFuture<T>();
        permit.keep();
        Thread.startVirtualThread(() -> {
            // The answer comes last: whoever has it finds the permit given back.
            Runnable answer;
            try (permit;
                    var _ = new LoggedCall(caller)) {
                T result = work.get();
                answer = () -> done.complete(result);
            } catch (RuntimeException | Error e) {
                answer = () -> done.completeExceptionally(e);
            }
            answer.run();
        });
        try {
            return Optional.of(done.get(wait.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            LOG.warnf("Answered before the call's work was over: request=%s", caller.requestId());
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
