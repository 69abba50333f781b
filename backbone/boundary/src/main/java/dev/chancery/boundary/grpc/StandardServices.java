package dev.chancery.boundary.grpc;

import io.grpc.Context;
import io.grpc.InternalServer;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The services that gRPC's own tools ask for: reflection (v1 and v1alpha) and health. */
final class StandardServices extends Server {
    private final List<ServerServiceDefinition> all = new ArrayList<>();
    private final List<ServerServiceDefinition> own;

    StandardServices(List<ServerServiceDefinition> contract, BooleanSupplier healthy) {
        Set<String> names = contract.stream()
                .map(service -> service.getServiceDescriptor().getName())
                .collect(java.util.stream.Collectors.toUnmodifiableSet());
        own = List.of(
                ProtoReflectionServiceV1.newInstance().bindService(),
                reflectionV1Alpha(),
                new Health(names, healthy).bindService());
        all.addAll(contract);
        all.addAll(own);
    }

    /** Which older versions of the usual tools ask for. */
    @SuppressWarnings("deprecation")
    private static ServerServiceDefinition reflectionV1Alpha() {
        return ProtoReflectionService.newInstance().bindService();
    }

    List<ServerServiceDefinition> definitions() {
        return own;
    }

    /** The context in which reflection finds the services: it asks gRPC's own server, which there isn't here. */
    Context context() {
        return Context.current().withValue(InternalServer.SERVER_CONTEXT_KEY, this);
    }

    @Override
    public List<ServerServiceDefinition> getImmutableServices() {
        return all;
    }

    @Override
    public Server start() {
        return this;
    }

    @Override
    public Server shutdown() {
        return this;
    }

    @Override
    public Server shutdownNow() {
        return this;
    }

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return false;
    }

    @Override
    public void awaitTermination() {}

    /** grpc.health.v1: of the process (no name), or of a service that it serves. */
    private static final class Health extends HealthGrpc.HealthImplBase {
        private final Set<String> services;
        private final BooleanSupplier healthy;

        Health(Set<String> services, BooleanSupplier healthy) {
            this.services = services;
            this.healthy = healthy;
        }

        @Override
        public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> answer) {
            if (!request.getService().isEmpty() && !services.contains(request.getService())) {
                answer.onError(
                        Status.NOT_FOUND.withDescription("unknown service").asRuntimeException());
                return;
            }
            answer.onNext(HealthCheckResponse.newBuilder()
                    .setStatus(healthy.getAsBoolean() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING)
                    .build());
            answer.onCompleted();
        }
    }
}
