package dev.chancery.boundary.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.Problem;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult.Refused;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SealerUnusable;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Every error of a JAX-RS resource, and of JAX-RS itself, as one of our problem documents. */
public class Problems {
    private static final Logger LOG = Logger.getLogger(Problems.class);

    private final StandardEndpoints endpoints;

    @Inject
    public Problems(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @ServerExceptionMapper
    Response refused(RefusedException failure, RoutingContext context) {
        return response(failure.refused(), context);
    }

    @ServerExceptionMapper({DatabaseUnavailable.class, SealerUnusable.class})
    Response unavailable(RuntimeException failure, RoutingContext context) {
        LOG.errorf(failure, "Endpoint failed: request=%s", HttpAdmission.requestId(context));
        return response(BoundaryRejection.UNAVAILABLE, context);
    }

    /** What JAX-RS refuses before a resource is called. */
    @ServerExceptionMapper
    Response refusedByFramework(WebApplicationException failure, RoutingContext context) {
        int status = failure.getResponse().getStatus();
        return switch (status) {
            case 404 -> response(BoundaryRejection.NO_SUCH_PATH, context);
            case 405 -> otherVerb(context);
            case 413 -> response(BoundaryRejection.TOO_LARGE, context);
            case 415 -> response(BoundaryRejection.MEDIA_TYPE, context);
            default -> status < 500 ? response(BoundaryRejection.MALFORMED, context) : broken(failure, context);
        };
    }

    /** At a path of a method the verb is part of its name, and there is no such path; a standard endpoint says which verbs it has. */
    private Response otherVerb(RoutingContext context) {
        String verbs = String.join(", ", endpoints.verbs(context.request().path()));
        if (verbs.isEmpty()) {
            return response(BoundaryRejection.NO_SUCH_PATH, context);
        }
        return Response.fromResponse(response(BoundaryRejection.OTHER_VERB, context))
                .header(HttpHeaders.ALLOW, verbs)
                .build();
    }

    @ServerExceptionMapper
    Response broken(Throwable failure, RoutingContext context) {
        LOG.errorf(failure, "Endpoint failed: request=%s", HttpAdmission.requestId(context));
        return response(BoundaryRejection.INTERNAL, context);
    }

    private static Response response(Rejection rejection, RoutingContext context) {
        return response(new Refused(rejection), context);
    }

    private static Response response(Refused refused, RoutingContext context) {
        Rejection rejection = refused.rejection();
        Response.ResponseBuilder response = Response.status(Problem.httpStatus(rejection))
                .type(Problem.MEDIA_TYPE)
                .entity(Problem.json(refused, HttpAdmission.requestId(context)).getBytes(UTF_8));
        HttpReply.advice(refused).forEach(response::header);
        return response.build();
    }
}
