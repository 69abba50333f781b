package dev.chancery.command;

import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kernel.Rejection;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import org.jboss.logging.Logger;

/** Writes answers, from any thread. */
public final class HttpReply {
    private static final Logger LOG = Logger.getLogger(HttpReply.class);

    private HttpReply() {}

    /** Answers 200 with a body. */
    public static void send(RoutingContext context, String mediaType, byte[] body) {
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

    static void refuse(RoutingContext context, Answer.Refused refused, String requestId) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return;
        }
        Rejection rejection = refused.rejection();
        response.setStatusCode(Problem.httpStatus(rejection));
        if (rejection.kind() == Rejection.Kind.UNAUTHENTICATED) {
            response.putHeader("WWW-Authenticate", challenge(rejection));
        }
        if (rejection.kind() == Rejection.Kind.UNAVAILABLE || rejection == dev.chancery.log.LogRejection.IN_PROGRESS) {
            response.putHeader("Retry-After", "1");
        }
        send(
                context,
                Problem.MEDIA_TYPE,
                Problem.json(refused, requestId).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** RFC 6750 and, for step-up, RFC 9470. */
    private static String challenge(Rejection rejection) {
        if (rejection == BoundaryRejection.TOKEN_MISSING) {
            return "Bearer";
        }
        return rejection == BoundaryRejection.STEP_UP
                ? "Bearer error=\"insufficient_user_authentication\""
                : "Bearer error=\"invalid_token\"";
    }

    static void broke(RoutingContext context, RuntimeException failure, String requestId) {
        LOG.errorf(failure, "Face failed: request=%s", requestId);
        refuse(
                context,
                new Answer.Refused(
                        failure instanceof DatabaseUnavailable
                                ? BoundaryRejection.UNAVAILABLE
                                : BoundaryRejection.INTERNAL),
                requestId);
    }
}
