package dev.chancery.boundary.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;

/** What the {@code type} of a problem leads to: the code, what it means and what to do. */
@Path("/errors")
public class ErrorPages {
    private final StandardEndpoints endpoints;

    @Inject
    public ErrorPages(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @GET
    @Path("{code}")
    @RunOnVirtualThread
    public Response explain(@PathParam("code") String code) throws RefusedException {
        Rejection known = endpoints.rejection(code);
        if (known == null) {
            throw new RefusedException(BoundaryRejection.NO_SUCH_PATH);
        }
        String page = known.code() + "\n\n" + known.message() + "\n" + known.hint() + "\n";
        return Response.ok(page.getBytes(UTF_8), "text/plain; charset=utf-8").build();
    }
}
