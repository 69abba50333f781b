package dev.chancery.app;

import dev.chancery.boundary.http.HttpReply;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.CallResult;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.feature.Feature;
import dev.chancery.schema.operations.v1.ReadMetricsReply;
import dev.chancery.schema.operations.v1.ReadMetricsRequest;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;

/** The contract's operations methods, and the page that Prometheus reads. */
final class OperationsService implements Feature {
    private static final String READ_METRICS = "chancery.operations.v1.OperationsService/ReadMetrics";

    private final ApplicationMetrics measures;

    OperationsService(ApplicationMetrics measures) {
        this.measures = measures;
    }

    @Override
    public String name() {
        return "operations";
    }

    @Override
    public void register(Methods methods) {
        methods.query(READ_METRICS, ReadMetricsRequest.class, (context, request) -> ReadMetricsReply.newBuilder()
                .setText(measures.text())
                .build());
    }

    @Override
    public void mount(StandardEndpoints faces) {
        Methods.Bound readMetrics = faces.method(READ_METRICS);
        faces.mount(HttpMethod.GET, "/metrics", (context, caller) -> {
            switch (faces.call(context, readMetrics, ReadMetricsRequest::getDefaultInstance, caller)) {
                case CallResult.Refused refused -> throw new RefusedException(refused.rejection());
                case CallResult.Replied replied ->
                    HttpReply.send(
                            context,
                            "text/plain; version=0.0.4; charset=utf-8",
                            ((ReadMetricsReply) replied.reply()).getText().getBytes(StandardCharsets.UTF_8));
            }
        });
    }
}
