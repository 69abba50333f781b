package dev.chancery.boundary.admission;

import io.micrometer.core.instrument.Metrics;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An admitted call whose body is on its way. Either the body arrives and the call is served, or it doesn't and the permit is released,
 * at the latest when another unknown caller needs it. One of the two, once.
 *
 * <p><b>Thread safety:</b> safe; made on the connection's event loop. <b>Limits:</b> {@value #MAX_WAIT_MILLIS} ms for the body.
 */
public final class Arrival {
    /** How long a body may take: a slow sender holds its permit that long. */
    static final long MAX_WAIT_MILLIS = 5_000;

    private final Vertx vertx;
    private final InFlight.Permit permit;
    private final long timer;
    private final AtomicBoolean isOver = new AtomicBoolean();

    /** @param late runs on the connection's event loop when the body took too long */
    public Arrival(Vertx vertx, InFlight.Permit permit, Runnable late) {
        this.vertx = vertx;
        this.permit = permit;
        this.timer = vertx.setTimer(MAX_WAIT_MILLIS, timer -> end(late, "body-late"));
        Context connection = vertx.getOrCreateContext();
        permit.awaitsBody(() -> end(() -> connection.runOnContext(go -> late.run()), "body-gave-way"));
    }

    private boolean end(Runnable late, String code) {
        boolean ended = abandon();
        if (ended) {
            Metrics.counter("chancery.calls.turned.away", "code", code).increment();
            late.run();
        }
        return ended;
    }

    /** The body has arrived: serves the call on a thread of its own. */
    public void serve(Executor executor, Runnable call) {
        if (complete()) {
            executor.execute(() -> {
                try (permit) {
                    call.run();
                }
            });
        }
    }

    /** The body won't arrive, or isn't wanted: releases the permit; false: it was too late. */
    public boolean abandon() {
        boolean ended = complete();
        if (ended) {
            permit.close();
        }
        return ended;
    }

    /** The body has arrived, and the caller of this releases the permit; false: it was too late. */
    public boolean complete() {
        boolean ended = isOver.compareAndSet(false, true);
        if (ended) {
            vertx.cancelTimer(timer);
            permit.awaitsNothing();
        }
        return ended;
    }
}
