package dev.chancery.client;

import io.quarkus.rest.client.reactive.QuarkusRestClientBuilder;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.client.ClientRequestContext;
import jakarta.ws.rs.client.ClientRequestFilter;
import jakarta.ws.rs.ext.ContextResolver;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jboss.resteasy.reactive.client.handlers.AdvancedRedirectHandler;
import org.jspecify.annotations.Nullable;

/**
 * Quarkus' REST client, held to a guard's list:
 *
 * <pre>{@code
 * @Produces
 * @ApplicationScoped
 * Payments payments(EgressGuard guard) {
 *     return GuardedRestClient.build(
 *             QuarkusRestClientBuilder.newBuilder().baseUri(URI.create("https://api.example.com")), guard, Payments.class);
 * }
 * }</pre>
 *
 * <p>What the list does not allow fails with a {@code ProcessingException} whose cause is {@link EgressDenied}. The guard makes the
 * connections, as it does for all its clients, so that the address that was judged is the one that is dialled; a name that leads to a
 * forbidden address, and a redirect to what is not allowed, get {@code 403 egress.denied} from it. Redirects are followed where the builder
 * says so, unless they send a body once more or leave TLS, and take no credentials along to another origin.
 *
 * <p><b>Thread safety:</b> safe. Waits for nothing, so it runs on an event loop.
 *
 * <p><b>Limits:</b> five redirects of a request. Clients that Quarkus makes by itself ({@code @RegisterRestClient}) go past the guard: {@link
 * BareClients} finds them.
 */
public final class GuardedRestClient implements ClientRequestFilter, ContextResolver<AdvancedRedirectHandler> {
    /** What a message says about itself, and not about what is asked for. */
    private static final Set<String> OF_THE_MESSAGE =
            Set.of("connection", "content-length", "host", "proxy-authorization", "transfer-encoding");

    private final EgressGuard guard;

    private GuardedRestClient(EgressGuard guard) {
        this.guard = guard;
    }

    /** A client of this interface. It sets the builder's proxy, and hosts that would go past it; the rest stays as it is. */
    public static <T> T build(QuarkusRestClientBuilder builder, EgressGuard guard, Class<T> api) {
        // Last of all filters: what an earlier one makes of the URL is what is sent.
        return builder.proxyAddress("127.0.0.1", guard.proxyPort())
                .proxyUser("guard")
                .proxyPassword(guard.proxyPassword())
                .nonProxyHosts("")
                .register(new GuardedRestClient(guard), Priorities.USER + 1_000)
                .build(api);
    }

    @Override
    public void filter(ClientRequestContext request) throws EgressDenied {
        guard.check(request.getUri().toASCIIString());
    }

    @Override
    public AdvancedRedirectHandler getContext(Class<?> type) {
        return answered -> {
            try {
                return redirected(
                        answered.request(),
                        answered.jaxRsResponse().getStatus(),
                        Optional.ofNullable(answered.jaxRsResponse().getHeaderString("Location")));
            } catch (RuntimeException e) {
                // Whoever sent the request would wait for ever.
                return null;
            }
        };
    }

    /** Null: it is not followed. Where it goes is decided where the connection is made. */
    private static @Nullable RequestOptions redirected(
            HttpClientRequest request, int status, Optional<String> location) {
        HttpMethod method = request.getMethod();
        boolean bodiless = method == HttpMethod.GET || method == HttpMethod.HEAD;
        return Redirection.of(url(request), method.name(), status, location)
                .filter(next -> !next.leavesTls() && (bodiless || next.becomesGet()))
                .map(next -> new RequestOptions()
                        .setMethod(next.becomesGet() ? HttpMethod.GET : method)
                        .setAbsoluteURI(next.to().toASCIIString())
                        .setHeaders(headers(request, next, bodiless)))
                .orElse(null);
    }

    /** In clear the guard is asked for the whole URL, which Vert.x then has for the path. */
    private static URI url(HttpClientRequest request) {
        return URI.create(request.getURI().startsWith("/") ? request.absoluteURI() : request.getURI());
    }

    private static MultiMap headers(HttpClientRequest request, Redirection next, boolean bodiless) {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        request.headers().forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            boolean ofTheBody = !bodiless && lower.startsWith("content-");
            if (next.carries(name) && !ofTheBody && !OF_THE_MESSAGE.contains(lower)) {
                headers.add(name, value);
            }
        });
        return headers;
    }
}
