package dev.chancery.boundary.http;

import dev.chancery.boundary.Problem;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SealerUnusable;
import dev.chancery.log.LogRejection;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Writes answers, from any thread. */
public final class HttpReply {
    private static final Logger LOG = Logger.getLogger(HttpReply.class);

    private static final Set<Rejection> INVALID_TOKEN =
            Set.of(BoundaryRejection.TOKEN_INVALID, BoundaryRejection.TOKEN_EXPIRED, BoundaryRejection.SESSION_OVER);

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
        advice(refused).forEach(response::putHeader);
        send(
                context,
                Problem.MEDIA_TYPE,
                Problem.json(refused, requestId).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** The headers of a refusal that tell what helps: to authenticate (RFC 9110), to wait. */
    public static Map<String, String> advice(CallResult.Refused refused) {
        Rejection rejection = refused.rejection();
        if (rejection.kind() == Rejection.Kind.UNAUTHENTICATED) {
            return Map.of("WWW-Authenticate", challenge(refused));
        }
        if (rejection.equals(BoundaryRejection.RATE_LIMITED)) {
            return rateLimit(refused.details());
        }
        boolean waiting = rejection.kind() == Rejection.Kind.UNAVAILABLE
                || rejection.kind() == Rejection.Kind.TOO_MANY
                || rejection.equals(LogRejection.IN_PROGRESS);
        return waiting ? Map.of("Retry-After", "1") : Map.of();
    }

    /** Retry-After (RFC 9110), and the fields of draft-ietf-httpapi-ratelimit-headers-10. */
    private static Map<String, String> rateLimit(Map<String, String> limit) {
        String policy = "\"" + limit.get("limit") + "\"";
        return Map.of(
                "Retry-After", limit.getOrDefault("retry_after", "1"),
                "RateLimit-Policy", policy + ";q=" + limit.get("quota") + ";w=" + limit.get("window"),
                "RateLimit", policy + ";r=0;t=" + limit.get("retry_after"));
    }

    /** RFC 6750 and, for step-up, RFC 9470. Without a token there is no error to name. */
    private static String challenge(CallResult.Refused refused) {
        Rejection rejection = refused.rejection();
        if (INVALID_TOKEN.contains(rejection)) {
            return "Bearer error=\"invalid_token\"";
        }
        if (!rejection.equals(BoundaryRejection.STEP_UP)) {
            return "Bearer";
        }
        return "Bearer error=\"insufficient_user_authentication\", error_description=\"" + rejection.message() + "\""
                + refused.details().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(detail -> ", " + detail.getKey() + "=\"" + detail.getValue() + "\"")
                        .collect(Collectors.joining());
    }

    static void broke(RoutingContext context, RuntimeException failure, String requestId) {
        LOG.errorf(failure, "Endpoint failed: request=%s", requestId);
        refuse(
                context,
                new CallResult.Refused(
                        failure instanceof DatabaseUnavailable || failure instanceof SealerUnusable
                                ? BoundaryRejection.UNAVAILABLE
                                : BoundaryRejection.INTERNAL),
                requestId);
    }
}
