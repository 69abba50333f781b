package dev.chancery.boundary.grpc;

import dev.chancery.boundary.Problem;
import dev.chancery.command.CallResult;
import dev.chancery.kernel.Rejection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.Base64;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which requests are gRPC, and what those are answered that never become calls. */
public final class GrpcRefusal {
    private static final String USUAL = "application/grpc";
    private static final Pattern MEDIA_TYPE = Pattern.compile("application/grpc(\\+proto)?( *;.*)?");

    private GrpcRefusal() {}

    /** Whether a request is a gRPC call; what only looks like one (gRPC-Web, another codec, HTTP/1.1) isn't. */
    public static boolean isGrpc(HttpServerRequest request) {
        @Nullable String mediaType = request.getHeader("Content-Type");
        return mediaType != null
                && request.version() == HttpVersion.HTTP_2
                && (mediaType.equals(USUAL) || MEDIA_TYPE.matcher(mediaType).matches());
    }

    /** Answers with nothing but trailers; what the client still sends is read and dropped. */
    public static void send(HttpServerRequest request, Rejection why, String requestId) {
        HttpServerResponse response = request.response();
        if (response.ended() || response.closed()) {
            return;
        }
        if (!request.isEnded()) {
            request.resume();
        }
        var status = Problem.status(new CallResult.Refused(why), requestId).build();
        response.putHeader("content-type", "application/grpc")
                .putHeader("grpc-accept-encoding", "identity")
                .putHeader("grpc-status", Integer.toString(status.getCode()))
                .putHeader("grpc-message", status.getMessage())
                .putHeader(
                        "grpc-status-details-bin",
                        Base64.getEncoder().withoutPadding().encodeToString(status.toByteArray()))
                .end();
    }
}
