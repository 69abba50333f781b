package dev.chancery.boundary.http;

import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.RequestLimits;
import dev.chancery.boundary.admission.Arrival;
import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.RefusedException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.Executor;

/**
 * Reads a request's body, bounded, and goes on with it on a thread of its own. The request has its place from before its body is
 * read, so there are never more bodies in memory than places.
 */
public final class HttpBody {
    private static final String BODY = "chancery.body";

    private HttpBody() {}

    /** What is done with a request that was let in and read. */
    @FunctionalInterface
    interface Work {
        void serve(Caller caller, InFlight.Permit place);
    }

    /**
     * Lets a request in, reads its whole body, then goes on; a body that says it is too large is refused before it is read. Of whoever is
     * refused Quarkus reads and drops what is on its way, so that the connection stays of use.
     */
    static void read(RoutingContext context, Pipeline pipeline, Executor executor, Work work) {
        HttpServerRequest request = context.request();
        Caller caller = StandardEndpoints.caller(request);
        String declared = request.getHeader("Content-Length");
        if (declared != null && (declared.length() > 9 || Long.parseLong(declared) > RequestLimits.MAX_BODY_BYTES)) {
            HttpReply.refuse(context, new CallResult.Refused(BoundaryRejection.TOO_LARGE), caller.requestId());
            return;
        }
        try {
            StandardEndpoints.requireOnce(request);
            InFlight.Permit place = pipeline.enter(caller);
            var arrival =
                    new Arrival(context.vertx(), place, () -> context.response().reset());
            if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
                context.response().writeContinue();
            }
            read(context, arrival, caller, () -> arrival.serve(executor, () -> work.serve(caller, place)));
        } catch (RefusedException e) {
            HttpReply.refuse(context, new CallResult.Refused(e.rejection()), caller.requestId());
        }
    }

    private static void read(RoutingContext context, Arrival arrival, Caller caller, Runnable then) {
        Buffer body = Buffer.buffer();
        HttpServerRequest request = context.request();
        request.handler(part -> {
            if (body.length() <= RequestLimits.MAX_BODY_BYTES) {
                body.appendBuffer(part);
            }
        });
        request.exceptionHandler(failure -> arrival.abandon());
        request.endHandler(end -> {
            if (body.length() <= RequestLimits.MAX_BODY_BYTES) {
                context.put(BODY, body.getBytes());
                then.run();
            } else if (arrival.abandon()) {
                HttpReply.refuse(context, new CallResult.Refused(BoundaryRejection.TOO_LARGE), caller.requestId());
            }
        });
        request.resume();
    }

    /** The body that was read. */
    public static byte[] of(RoutingContext context) {
        byte[] body = context.get(BODY);
        return body == null ? new byte[0] : body;
    }
}
