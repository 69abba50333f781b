package dev.chancery.boundary.http;

import dev.chancery.boundary.Problem;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult.Refused;
import dev.chancery.command.Ids;
import dev.chancery.kernel.Rejection;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Base64;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/**
 * The first route of all. Before the application has started, and while it stops, callers are told to come again: otherwise they would
 * hear that there is no such path, and take that for an answer. Of Quarkus' own pages under {@code /q/} only health is served.
 */
public final class StartupGate {
    private static final Logger LOG = Logger.getLogger(StartupGate.class);
    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private StartupGate() {}

    /** @param open asked for every request */
    public static void mount(Router router, BooleanSupplier open) {
        router.route()
                .order(Integer.MIN_VALUE)
                .failureHandler(StartupGate::failed)
                .handler(context -> {
                    String path = context.normalizedPath();
                    if (path.startsWith("/q/health")) {
                        context.next();
                    } else if (!open.getAsBoolean()) {
                        refuse(context, BoundaryRejection.UNAVAILABLE);
                    } else if (path.startsWith("/q/") || path.equals("/q")) {
                        refuse(context, BoundaryRejection.NO_SUCH_PATH);
                    } else {
                        context.next();
                    }
                });
    }

    /** What the router or a handler could not deal with. Quarkus' own handler would log the path, and answer in a form of its own. */
    private static void failed(RoutingContext context) {
        Throwable cause = context.failure();
        int status = context.statusCode();
        boolean requests = status >= 400 && status < 500;
        if (!requests) {
            LOG.errorf(
                    "Request failed: cause=%s",
                    cause == null ? "none" : cause.getClass().getName());
        }
        Rejection why =
                switch (status) {
                    case 404, 405 -> BoundaryRejection.NO_SUCH_PATH;
                    case 413 -> BoundaryRejection.TOO_LARGE;
                    case 415 -> BoundaryRejection.MEDIA_TYPE;
                    default -> requests ? BoundaryRejection.MALFORMED_HEAD : BoundaryRejection.INTERNAL;
                };
        refuse(context, why);
    }

    private static void refuse(RoutingContext context, Rejection why) {
        var refused = new Refused(why);
        String requestId = Ids.uuidV7().toString();
        HttpServerRequest request = context.request();
        String mediaType = Objects.requireNonNullElse(request.getHeader("Content-Type"), "");
        // What the client still sends is read and dropped, so that the connection can be used again.
        request.resume();
        if (mediaType.startsWith("application/grpc")) {
            refuse(context.response(), Problem.grpc(refused, requestId));
        } else {
            HttpReply.refuse(context, refused, requestId);
        }
    }

    /** A gRPC answer that is nothing but its trailers. */
    private static void refuse(HttpServerResponse response, StatusRuntimeException failure) {
        response.putHeader("content-type", "application/grpc")
                .putHeader(
                        "grpc-status",
                        Integer.toString(failure.getStatus().getCode().value()))
                .putHeader(
                        "grpc-message",
                        Objects.requireNonNullElse(failure.getStatus().getDescription(), ""));
        Metadata trailers = failure.getTrailers();
        byte[] details = trailers == null ? null : trailers.get(DETAILS);
        if (details != null) {
            response.putHeader(
                    DETAILS.name(), Base64.getEncoder().withoutPadding().encodeToString(details));
        }
        response.end();
    }
}
