package dev.chancery.boundary.admission;

import io.micrometer.core.instrument.Metrics;
import io.vertx.core.Vertx;
import java.util.concurrent.Executor;

/**
 * A call that was let in and whose body is on its way. Once it is there the call is served; or it does not come, and the call's place
 * is given back. One of the two, once.
 *
 * <p><b>Thread safety:</b> none; for the connection's event loop. <b>Limits:</b> {@value #MAX_WAIT_MILLIS} ms for the body.
 */
public final class Arrival {
    /** How long a body may take: whoever sends it slowly keeps a place that long. */
    static final long MAX_WAIT_MILLIS = 5_000;

    private final Vertx vertx;
    private final InFlight.Permit place;
    private final long timer;
    private boolean isOver;

    /** @param late what is done when the body took too long */
    public Arrival(Vertx vertx, InFlight.Permit place, Runnable late) {
        this.vertx = vertx;
        this.place = place;
        this.timer = vertx.setTimer(MAX_WAIT_MILLIS, timer -> {
            if (abandon()) {
                Metrics.counter("chancery.calls.turned.away", "code", "body-late")
                        .increment();
                late.run();
            }
        });
    }

    /** The body is there: serves the call on a thread of its own. */
    public void serve(Executor executor, Runnable call) {
        if (complete()) {
            executor.execute(() -> {
                try (place) {
                    call.run();
                }
            });
        }
    }

    /** The body won't come, or isn't wanted; false: too late to say so. */
    public boolean abandon() {
        boolean ended = complete();
        if (ended) {
            place.close();
        }
        return ended;
    }

    /** The body is there, and the permit is the caller's to release; false: too late. */
    public boolean complete() {
        boolean ended = !isOver;
        isOver = true;
        vertx.cancelTimer(timer);
        return ended;
    }
}
