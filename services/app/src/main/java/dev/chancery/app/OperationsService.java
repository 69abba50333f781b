package dev.chancery.app;

import dev.chancery.command.Methods;
import dev.chancery.feature.Feature;
import dev.chancery.schema.operations.v1.ReadMetricsReply;
import dev.chancery.schema.operations.v1.ReadMetricsRequest;

/** The contract's operations methods; {@link MetricsPage} is the page that Prometheus reads. */
final class OperationsService implements Feature {
    static final String READ_METRICS = "chancery.operations.v1.OperationsService/ReadMetrics";

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
}
