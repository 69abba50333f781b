package dev.chancery.boundary.http;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.List;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/** What holds for every JAX-RS resource. */
public class EndpointFilters {
    /** What JAX-RS would be lenient with: a path with matrix parameters matches without them, and OPTIONS is answered to anybody. */
    @ServerRequestFilter(preMatching = true)
    public void refuseLeniency(HttpServerRequest request) throws RefusedException {
        if (request.path().contains(";")) {
            throw new RefusedException(BoundaryRejection.NO_SUCH_PATH);
        }
        if (request.method().equals(HttpMethod.OPTIONS)) {
            throw new NotAllowedException("GET");
        }
    }

    /** Refuses headers and query parameters that claim to be somebody or somewhere else. */
    @ServerRequestFilter
    public void refuseContext(HttpServerRequest request) throws RefusedException {
        HttpAdmission.refuseContext(request);
    }

    /** Nothing is kept by caches unless its resource says so, and no media type is guessed. */
    @ServerResponseFilter
    public void protect(ContainerResponseContext response) {
        response.getHeaders().putSingle("X-Content-Type-Options", "nosniff");
        response.getHeaders().computeIfAbsent(HttpHeaders.CACHE_CONTROL, name -> List.of("no-store"));
    }
}
