package dev.chancery.boundary.http;

import dev.chancery.boundary.Problem;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult.Refused;
import dev.chancery.command.Ids;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Base64;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * What stands before both faces while there is nobody behind them, at start and at stop: callers are told to come again. Otherwise
 * they would hear that there is no such path, and take that for an answer.
 */
public final class StartupGate {
    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private StartupGate() {}

    /** @param open asked for every request; what Quarkus itself serves under {@code /q/} is always served */
    public static void mount(Router router, BooleanSupplier open) {
        router.route().order(Integer.MIN_VALUE).handler(context -> {
            if (open.getAsBoolean() || context.request().path().startsWith("/q/")) {
                context.next();
            } else {
                refuse(context);
            }
        });
    }

    private static void refuse(RoutingContext context) {
        var refused = new Refused(BoundaryRejection.UNAVAILABLE);
        String requestId = Ids.uuidV7().toString();
        HttpServerRequest request = context.request();
        String mediaType = Objects.requireNonNullElse(request.getHeader("Content-Type"), "");
        // What is on its way is read and dropped: the connection stays of use.
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
