package dev.chancery.boundary.http;

import dev.chancery.boundary.ContextFields;
import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.RequestLimits;
import dev.chancery.boundary.admission.AdmittedCall;
import dev.chancery.boundary.admission.Arrival;
import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Ids;
import dev.chancery.command.RefusedException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.impl.RoutingContextInternal;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The one route in front of everything HTTP: it takes the call's permit, reads the body within limits of size and time, and only then
 * lets the routes behind it see the request. So there are never more bodies in memory than permits.
 *
 * <p>Mount it after {@link dev.chancery.boundary.grpc.GrpcApi}, which admits its own calls, and before every other route.
 */
public final class HttpAdmission {
    private static final String CALL = "chancery.call";
    private static final String READ = "chancery.read";

    /** Headers with one meaning. Of two values a proxy on the way, or another endpoint, might have read the other one. */
    private static final List<String> ONCE =
            List.of("Authorization", "Idempotency-Key", "Chancery-Position", "Chancery-Challenge", "Content-Type");

    private static final String CALLERS_REQUEST_ID = "X-Request-ID";

    /** As long as the server takes a header to be: 8 KiB for all of them. */
    private static final Pattern PRINTABLE = Pattern.compile("[\\x20-\\x7e]+");

    private HttpAdmission() {}

    /** Adds the route. */
    public static void mount(Router router, Pipeline pipeline) {
        router.route().handler(context -> {
            Read read = context.request().version() == HttpVersion.HTTP_2
                    ? Vertx.currentContext().getLocal(READ)
                    : null;
            if (read == null) {
                admit(context, router, pipeline);
            } else {
                goOn(context, read);
            }
        });
    }

    /** A call whose body has been read. */
    private record Read(AdmittedCall call, Buffer body) {}

    private static void goOn(RoutingContext context, Read read) {
        context.addEndHandler(ended -> read.call().responseEnded());
        context.put(CALL, read.call());
        ((RoutingContextInternal) context).setBody(read.body());
        context.next();
    }

    /** Over HTTP/2 the router begins anew with the request as one that was read: {@link ReadRequest}. */
    private static void goOn(RoutingContext context, Router router, Read read) {
        if (context.request().version() == HttpVersion.HTTP_2) {
            Vertx.currentContext().putLocal(READ, read);
            router.handle(new ReadRequest(context.request()));
        } else {
            goOn(context, read);
        }
    }

    /**
     * A body that declares itself too large is refused before it is read. Quarkus reads and drops what a refused client still sends, so
     * that the connection can be used again.
     */
    private static void admit(RoutingContext context, Router router, Pipeline pipeline) {
        HttpServerRequest request = context.request();
        Caller caller = caller(request);
        echoRequestId(context);
        try {
            requireSmall(request);
            requireOnce(request);
            InFlight.Permit permit = pipeline.enter(caller);
            var arrival = new Arrival(
                    context.vertx(), permit, () -> context.response().reset());
            if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
                context.response().writeContinue();
            }
            read(context, router, arrival, new AdmittedCall(caller, permit));
        } catch (RefusedException e) {
            HttpReply.refuse(context, new CallResult.Refused(e.rejection()), caller.requestId());
        }
    }

    /** The caller's own name for its request comes back with every answer, whatever that is (AuthZEN 1.0, 10.1.3). */
    private static void echoRequestId(RoutingContext context) {
        String sent = context.request().getHeader(CALLERS_REQUEST_ID);
        if (sent != null && PRINTABLE.matcher(sent).matches()) {
            context.response().putHeader(CALLERS_REQUEST_ID, sent);
        }
    }

    private static void read(RoutingContext context, Router router, Arrival arrival, AdmittedCall call) {
        Buffer body = Buffer.buffer();
        HttpServerRequest request = context.request();
        request.handler(part -> {
            if (body.length() <= RequestLimits.MAX_BODY_BYTES) {
                body.appendBuffer(part);
            }
        });
        request.exceptionHandler(failure -> arrival.abandon());
        request.endHandler(end -> {
            if (body.length() > RequestLimits.MAX_BODY_BYTES) {
                if (arrival.abandon()) {
                    HttpReply.refuse(
                            context,
                            new CallResult.Refused(BoundaryRejection.TOO_LARGE),
                            call.caller().requestId());
                }
            } else if (arrival.complete()) {
                goOn(context, router, new Read(call, body));
            }
        });
        request.resume();
    }

    /** The call that a request behind this route belongs to. */
    static AdmittedCall call(RoutingContext context) {
        return context.get(CALL);
    }

    /** The id by which a caller and the logs know a request; a new one where the request was not admitted. */
    static String requestId(RoutingContext context) {
        @Nullable AdmittedCall call = context.get(CALL);
        return call == null ? Ids.uuidV7().toString() : call.caller().requestId();
    }

    /** The body of a request behind this route. */
    static byte[] body(RoutingContext context) {
        return context.body().buffer().getBytes();
    }

    private static void requireSmall(HttpServerRequest request) throws RefusedException {
        String declared = request.getHeader("Content-Length");
        if (declared != null && (declared.length() > 9 || Long.parseLong(declared) > RequestLimits.MAX_BODY_BYTES)) {
            throw new RefusedException(BoundaryRejection.TOO_LARGE);
        }
    }

    /** Refuses a header that has one meaning and was sent more than once. */
    private static void requireOnce(HttpServerRequest request) throws RefusedException {
        if (ONCE.stream().anyMatch(name -> request.headers().getAll(name).size() > 1)) {
            throw new RefusedException(BoundaryRejection.REPEATED_HEADER);
        }
    }

    /** Refuses headers of our name and query parameters that name a context. */
    static void refuseContext(HttpServerRequest request) throws RefusedException {
        ContextFields.refuseHeaders(request.headers().names());
        ContextFields.refuseParameters(request.params(true).names());
    }

    private static Caller caller(HttpServerRequest request) {
        Optional<String> bearer = Optional.ofNullable(request.getHeader("Authorization"))
                .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
                .map(value -> value.substring(7).trim());
        String client = Optional.ofNullable(request.getHeader("User-Agent")).orElse("");
        return new Caller(
                Ids.uuidV7().toString(),
                bearer,
                Optional.ofNullable(request.getHeader("Idempotency-Key")),
                Optional.ofNullable(request.getHeader("Chancery-Position")),
                Optional.ofNullable(request.getHeader("Chancery-Challenge")),
                request.remoteAddress() == null ? "" : request.remoteAddress().hostAddress(),
                client.substring(0, Math.min(client.length(), 256)));
    }
}
