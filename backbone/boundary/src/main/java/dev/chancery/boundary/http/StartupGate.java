package dev.chancery.boundary.http;

import dev.chancery.boundary.grpc.GrpcRefusal;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult.Refused;
import dev.chancery.command.Ids;
import dev.chancery.kernel.Rejection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * The first route of all. Before the application has started, while it is sealed, and while it stops, callers are told to come again:
 * otherwise they would hear that there is no such path, and take that for an answer. Of Quarkus' own pages under {@code /q/} only health is served.
 */
public final class StartupGate {
    /** System property by which Quarkus leaves URIs to this gate; to be set before Quarkus starts. */
    public static final String URI_CHECK = "vertx.disableURIValidation";

    private static final Logger LOG = Logger.getLogger(StartupGate.class);

    /** Of what Quarkus serves itself. */
    private static final Set<String> HEALTH = Set.of("/q/health", "/q/health/live", "/q/health/ready");

    private StartupGate() {}

    /**
     * @param closed asked for every request: why none is let in now; empty: they are
     * @param host whether a request may be for a host
     */
    public static void mount(Router router, Supplier<Optional<Rejection>> closed, Predicate<String> host) {
        router.route()
                .order(Integer.MIN_VALUE)
                .failureHandler(StartupGate::failed)
                .handler(context -> {
                    HttpServerRequest request = context.request();
                    if (!isReadable(request)) {
                        refuse(context, BoundaryRejection.MALFORMED_HEAD);
                        return;
                    }
                    if (request.authority() != null
                            && !host.test(request.authority().host())) {
                        refuse(context, BoundaryRejection.WRONG_HOST);
                        return;
                    }
                    String path = context.normalizedPath();
                    Optional<Rejection> why = closed.get();
                    if (HEALTH.contains(path) && isRead(request.method())) {
                        context.next();
                    } else if (why.isPresent()) {
                        refuse(context, why.get());
                    } else if (path.startsWith("/q/") || path.equals("/q")) {
                        refuse(context, BoundaryRejection.NO_SUCH_PATH);
                    } else {
                        context.next();
                    }
                });
    }

    /** Left to itself, Quarkus answers a path or query that is no URI's with a bare status: {@link #URI_CHECK}. */
    private static boolean isReadable(HttpServerRequest request) {
        if (request.uri() == null || request.headers().getAll("Host").size() > 1) {
            return false;
        }
        try {
            new URI(request.uri());
            return true;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static boolean isRead(HttpMethod method) {
        return method == HttpMethod.GET || method == HttpMethod.HEAD;
    }

    /** What the router or a handler could not deal with. Quarkus' own handler would log the path, and answer in a form of its own. */
    private static void failed(RoutingContext context) {
        if (context.response().ended() || context.response().closed()) {
            // Whoever asked has gone, which handlers may trip over.
            return;
        }
        Throwable cause = context.failure();
        int status = context.statusCode();
        boolean requests = status >= 400 && status < 500;
        if (!requests) {
            LOG.errorf(
                    "Request failed: cause=%s at=%s",
                    cause == null ? "none" : cause.getClass().getName(),
                    cause == null || cause.getStackTrace().length == 0 ? "nowhere" : cause.getStackTrace()[0]);
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
        String requestId = Ids.uuidV7().toString();
        HttpServerRequest request = context.request();
        if (GrpcRefusal.isGrpc(request)) {
            GrpcRefusal.send(request, why, requestId);
        } else {
            if (!request.isEnded()) {
                // What the client still sends is read and dropped, so that the connection can be used again.
                request.resume();
            }
            HttpReply.refuse(context, new Refused(why), requestId);
        }
    }
}
