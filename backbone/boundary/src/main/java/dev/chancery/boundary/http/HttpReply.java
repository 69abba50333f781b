package dev.chancery.boundary.http;

import dev.chancery.boundary.Problem;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.LogRejection;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import org.jboss.logging.Logger;

/** Writes answers, from any thread. */
public final class HttpReply {
    private static final Logger LOG = Logger.getLogger(HttpReply.class);

    private HttpReply() {}

    /** Answers 200 with a body. */
    static void send(RoutingContext context, String mediaType, byte[] body) {
        HttpServerResponse response = context.response();
        if (!response.ended() && !response.closed()) {
            response.putHeader("Content-Type", mediaType);
            response.putHeader("X-Content-Type-Options", "nosniff");
            if (!response.headers().contains("Cache-Control")) {
                response.putHeader("Cache-Control", "no-store");
            }
            response.end(Buffer.buffer(body));
        }
    }

    static void refuse(RoutingContext context, CallResult.Refused refused, String requestId) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return;
        }
        Rejection rejection = refused.rejection();
        response.setStatusCode(Problem.httpStatus(rejection));
        advice(rejection).forEach(response::putHeader);
        send(
                context,
                Problem.MEDIA_TYPE,
                Problem.json(refused, requestId).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** The headers of a refusal that tell what helps: to authenticate (RFC 9110), to wait. */
    public static Map<String, String> advice(Rejection rejection) {
        if (rejection.kind() == Rejection.Kind.UNAUTHENTICATED) {
            return Map.of("WWW-Authenticate", challenge(rejection));
        }
        boolean waiting = rejection.kind() == Rejection.Kind.UNAVAILABLE
                || rejection.kind() == Rejection.Kind.TOO_MANY
                || rejection.equals(LogRejection.IN_PROGRESS);
        return waiting ? Map.of("Retry-After", "1") : Map.of();
    }

    /** RFC 6750 and, for step-up, RFC 9470. Without a token there is no error to name. */
    private static String challenge(Rejection rejection) {
        if (rejection.equals(BoundaryRejection.TOKEN_INVALID) || rejection.equals(BoundaryRejection.TOKEN_EXPIRED)) {
            return "Bearer error=\"invalid_token\"";
        }
        return rejection.equals(BoundaryRejection.STEP_UP)
                ? "Bearer error=\"insufficient_user_authentication\""
                : "Bearer";
    }

    static void broke(RoutingContext context, RuntimeException failure, String requestId) {
        LOG.errorf(failure, "Endpoint failed: request=%s", requestId);
        refuse(
                context,
                new CallResult.Refused(
                        failure instanceof DatabaseUnavailable
                                ? BoundaryRejection.UNAVAILABLE
                                : BoundaryRejection.INTERNAL),
                requestId);
    }
}
