package dev.chancery.boundary.http;

import dev.chancery.boundary.ContextFields;
import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.admission.AdmittedCall;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.ContractEndpoint;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonObject;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the JAX-RS resources of standard endpoints (OAuth, AuthZEN, the ledger's files) stand on: the current request, and the pipeline
 * that authenticates and authorises it. A resource runs on a virtual thread and looks like this:
 *
 * <pre>{@code
 * @GET @Path("checkpoint") @RunOnVirtualThread
 * public Response checkpoint() throws RefusedException {
 *     LedgerService ledger = endpoints.feature(LedgerService.class);
 *     return endpoints.admit(reader -> Response.ok(ledger.checkpoint(reader.tenant())).build());
 * }
 * }</pre>
 *
 * <p>A {@link RefusedException} becomes a problem document ({@link Problems}).
 */
@Singleton
public class StandardEndpoints {
    private record Served(Pipeline pipeline, Methods methods, List<?> features) {}

    /** The request, on the threads that work for it: what CDI knows it knows on the resource's own thread only. */
    private static final ScopedValue<RoutingContext> WORKED_ON = ScopedValue.newInstance();

    private final CurrentVertxRequest request;
    private volatile @Nullable Served served;

    @Inject
    public StandardEndpoints(CurrentVertxRequest request) {
        this.request = request;
    }

    /** Called once the application has started; until then no request gets past {@link StartupGate}. */
    public void serve(Pipeline pipeline, Methods methods, Collection<?> features) {
        served = new Served(pipeline, methods, List.copyOf(features));
    }

    /**
     * The feature of this process that a resource belongs to.
     *
     * @throws RefusedException where this process runs with another role
     */
    public <F> F feature(Class<F> type) throws RefusedException {
        return served().features().stream()
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow(() -> new RefusedException(BoundaryRejection.NOT_SERVED_HERE));
    }

    /**
     * Calls a method of the contract for the request's caller.
     *
     * @param reads reads the method's request, once it is known who called
     * @throws RefusedException when the pipeline refuses the call
     */
    public CallResult.Replied call(String method, Pipeline.Request reads) throws RefusedException {
        Methods.Bound bound = served().methods().find(method);
        if (bound == null) {
            throw new RefusedException(BoundaryRejection.NOT_SERVED_HERE);
        }
        RoutingContext context = current();
        AdmittedCall call = HttpAdmission.call(context);
        Pipeline.Request here = () -> ScopedValue.where(WORKED_ON, context).call(reads::read);
        try (var _ = call.begin()) {
            return switch (served().pipeline().call(bound, here, call.caller(), call.permit())) {
                case CallResult.Replied replied -> replied;
                case CallResult.Refused refused -> throw new RefusedException(refused);
            };
        }
    }

    /**
     * Authenticates the caller and requires the capability that the contract names for the endpoint, where a resource is more than a
     * method in another form. The answer is the caller's own: a cache that keeps it gives it to nobody with another token.
     *
     * @throws RefusedException when the caller may not, or the work refuses
     */
    public Response admit(Pipeline.Admitted<Response> work) throws RefusedException {
        String capability = declared().capability();
        if (capability.isEmpty()) {
            throw new IllegalStateException(path() + " is public in the contract, and asks who calls");
        }
        RoutingContext context = current();
        AdmittedCall call = HttpAdmission.call(context);
        try (var _ = call.begin()) {
            Response answer = served().pipeline()
                    .admit(call.caller(), capability, call.permit(), caller -> ScopedValue.where(WORKED_ON, context)
                            .call(() -> work.answer(caller)));
            return Response.fromResponse(answer)
                    .header(HttpHeaders.VARY, HttpHeaders.AUTHORIZATION)
                    .build();
        }
    }

    /** The request's body. */
    public byte[] body() {
        return HttpAdmission.body(current());
    }

    /** The request's body as JSON: of media type {@code application/json}, UTF-8, one object, each name once. */
    public JsonObject json() throws RefusedException {
        return JsonBody.read(current().request(), body());
    }

    /** The path as it was sent: nothing decoded, no matrix parameters taken out. */
    public String path() {
        return current().request().path();
    }

    /** Refuses names of context in a body. */
    public static void refuseContext(Collection<String> names) throws RefusedException {
        ContextFields.refuseParameters(names);
    }

    /** The rejection with a code; nothing where no feature of this process knows it. */
    @Nullable
    Rejection rejection(String code) {
        return served().methods().rejection(code).orElse(null);
    }

    /** The verbs that standard endpoints answer at a path; HEAD wherever GET. */
    SortedSet<String> verbs(String path) {
        SortedSet<String> verbs = new TreeSet<>();
        for (ContractEndpoint endpoint : served().methods().contract().endpoints()) {
            if (endpoint.answers(endpoint.httpMethod(), path)) {
                verbs.add(endpoint.httpMethod());
            }
        }
        if (verbs.contains("GET")) {
            verbs.add("HEAD");
        }
        return verbs;
    }

    private ContractEndpoint declared() {
        // JAX-RS answers HEAD as GET, without the body.
        String asked = current().request().method().name();
        String verb = asked.equals("HEAD") ? "GET" : asked;
        return served().methods().contract().endpoints().stream()
                .filter(endpoint -> endpoint.answers(verb, path()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the contract has no endpoint " + verb + " " + path()));
    }

    private Served served() {
        return Objects.requireNonNull(served, "a request before the application has started");
    }

    private RoutingContext current() {
        return WORKED_ON.isBound() ? WORKED_ON.get() : request.getCurrent();
    }
}
