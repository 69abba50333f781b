package dev.chancery.boundary.http;

import dev.chancery.boundary.ContextFields;
import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Ids;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Where a feature mounts the standard faces it has besides the contract's own paths: OAuth, AuthZEN, tiles. Each is served on a
 * virtual thread, with the same limits and the same last resort as everything else.
 */
public final class StandardEndpoints {
    /** A face that needs no access token, and why. Listed by {@code chancery contract}. */
    public record Open(String path, String why) {}

    /** Serves one request; refusals thrown become problems. */
    @FunctionalInterface
    public interface Face {
        void serve(RoutingContext request, Caller caller) throws RefusedException;
    }

    private static final String PLACE = "chancery.place";
    /** What says one thing. Of two values another on the way, or the other face, might have read the other one. */
    private static final List<String> ONCE =
            List.of("Authorization", "Idempotency-Key", "Chancery-Position", "Content-Type");

    private final Router router;
    private final Executor executor;
    private final Pipeline pipeline;
    private final Methods methods;
    private final List<Open> open = new ArrayList<>();

    public StandardEndpoints(Router router, Executor executor, Pipeline pipeline, Methods methods) {
        this.router = router;
        this.executor = executor;
        this.pipeline = pipeline;
        this.methods = methods;
    }

    /** The contract's method that a face translates to. */
    public Methods.Bound method(String fullName) {
        Methods.Bound bound = methods.find(fullName);
        if (bound == null) {
            throw new IllegalStateException("no such method: " + fullName);
        }
        return bound;
    }

    /** Calls a method for a face's caller. */
    public CallResult call(RoutingContext context, Methods.Bound method, Pipeline.Request request, Caller caller) {
        return pipeline.call(method, request, caller, place(context));
    }

    /** Authenticates and authorises a caller of a face that serves files rather than a method. */
    public Principal admit(RoutingContext context, Caller caller, String capability) throws RefusedException {
        return pipeline.admit(caller, capability, place(context));
    }

    private static InFlight.Permit place(RoutingContext context) {
        return context.get(PLACE);
    }

    /** Mounts a face; {@code path} as Vert.x writes it. */
    public StandardEndpoints mount(HttpMethod verb, String path, Face face) {
        router.route(verb, path)
                .handler(context -> HttpBody.read(context, pipeline, executor, (caller, place) -> {
                    context.put(PLACE, place);
                    serve(face, context, caller);
                }));
        return this;
    }

    private static void serve(Face face, RoutingContext context, Caller caller) {
        try {
            Optional<Rejection> named = contextField(context.request());
            if (named.isPresent()) {
                throw new RefusedException(named.get());
            }
            face.serve(context, caller);
        } catch (RefusedException e) {
            HttpReply.refuse(context, new CallResult.Refused(e.rejection()), caller.requestId());
        } catch (RuntimeException e) {
            HttpReply.broke(context, e, caller.requestId());
        }
    }

    /** Mounts a face that needs no access token. */
    public StandardEndpoints mountOpen(HttpMethod verb, String path, String why, Face face) {
        open.add(new Open(verb.name() + " " + path, why));
        return mount(verb, path, face);
    }

    public List<Open> open() {
        return List.copyOf(open);
    }

    /** Refuses a header with two values where there is one meaning. */
    static void requireOnce(HttpServerRequest request) throws RefusedException {
        if (ONCE.stream().anyMatch(name -> request.headers().getAll(name).size() > 1)) {
            throw new RefusedException(BoundaryRejection.REPEATED_HEADER);
        }
    }

    /** What a request brings along. */
    static Caller caller(HttpServerRequest request) {
        Optional<String> bearer = Optional.ofNullable(request.getHeader("Authorization"))
                .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
                .map(value -> value.substring(7).trim());
        String client = Optional.ofNullable(request.getHeader("User-Agent")).orElse("");
        return new Caller(
                Ids.uuidV7().toString(),
                bearer,
                Optional.ofNullable(request.getHeader("Idempotency-Key")),
                Optional.ofNullable(request.getHeader("Chancery-Position")),
                request.remoteAddress() == null ? "" : request.remoteAddress().hostAddress(),
                client.substring(0, Math.min(client.length(), 256)));
    }

    /** The body that a face reads by itself, as JSON: UTF-8, one object, each name once. */
    public static JsonObject json(RoutingContext context) throws RefusedException {
        return JsonBody.read(context.request(), HttpBody.of(context));
    }

    /** Refuses names of context in a body that a face reads by itself. */
    public static void refuseContext(Collection<String> names) throws RefusedException {
        if (names.stream().anyMatch(ContextFields::isContext)) {
            throw new RefusedException(BoundaryRejection.CONTEXT_FIELD);
        }
    }

    /** Refuses headers, query parameters and cookies that name a context. */
    static Optional<Rejection> contextField(HttpServerRequest request) {
        boolean named = request.headers().names().stream().anyMatch(ContextFields::isContext)
                || request.params(true).names().stream().anyMatch(ContextFields::isContext)
                || request.cookies().stream().map(Cookie::getName).anyMatch(ContextFields::isContext);
        return named ? Optional.of(BoundaryRejection.CONTEXT_FIELD) : Optional.empty();
    }
}
