package dev.chancery.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.operations.v1.ReadMetricsReply;
import dev.chancery.schema.operations.v1.ReadMetricsRequest;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;

/** What Prometheus reads, with a token: {@code OperationsService/ReadMetrics} as a page. */
@Path("/metrics")
public class MetricsPage {
    private final StandardEndpoints endpoints;

    @Inject
    public MetricsPage(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @GET
    @RunOnVirtualThread
    public Response metrics() throws RefusedException {
        var reply = (ReadMetricsReply) endpoints
                .call(OperationsService.READ_METRICS, ReadMetricsRequest::getDefaultInstance)
                .reply();
        return Response.ok(reply.getText().getBytes(UTF_8), "text/plain; version=0.0.4; charset=utf-8")
                .build();
    }
}
