package dev.chancery.quickstart.strangers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.schema.Contract;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What gRPC's own tools ask a server, with the generated clients of gRPC itself. */
class GrpcToolsIT {
    private final ManagedChannel channel = NettyChannelBuilder.forTarget(
                    RunningInstance.shared().grpc())
            .usePlaintext()
            .build();

    @AfterEach
    void close() {
        channel.shutdownNow();
    }

    private static <T> StreamObserver<T> into(CompletableFuture<T> first) {
        return new StreamObserver<>() {
            @Override
            public void onNext(T value) {
                first.complete(value);
            }

            @Override
            public void onError(Throwable failure) {
                first.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                first.completeExceptionally(new IllegalStateException("nothing came"));
            }
        };
    }

    private ServerReflectionResponse ask(ServerReflectionRequest request) throws Exception {
        var first = new CompletableFuture<ServerReflectionResponse>();
        StreamObserver<ServerReflectionRequest> asking =
                ServerReflectionGrpc.newStub(channel).serverReflectionInfo(into(first));
        asking.onNext(request);
        ServerReflectionResponse response = first.get(10, TimeUnit.SECONDS);
        asking.onCompleted();
        return response;
    }

    @Test
    void reflectionListsTheContractsServices() throws Exception {
        ServerReflectionResponse response =
                ask(ServerReflectionRequest.newBuilder().setListServices("*").build());
        List<String> listed = response.getListServicesResponse().getServiceList().stream()
                .map(ServiceResponse::getName)
                .toList();
        assertThat(listed)
                .containsAll(Contract.load().methods().stream()
                        .map(method -> method.service())
                        .distinct()
                        .toList())
                .contains("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection");
    }

    @Test
    void reflectionGivesTheFileOfAService() throws Exception {
        ServerReflectionResponse response = ask(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("chancery.access.v1.AccessService")
                .build());
        assertThat(response.getFileDescriptorResponse().getFileDescriptorProtoList())
                .isNotEmpty();
    }

    @Test
    @SuppressWarnings("deprecation")
    void theOlderReflectionAnswersToo() throws Exception {
        var first = new CompletableFuture<io.grpc.reflection.v1alpha.ServerReflectionResponse>();
        var asking =
                io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(channel).serverReflectionInfo(into(first));
        asking.onNext(io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
                .setListServices("*")
                .build());
        assertThat(first.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceCount())
                .isPositive();
        asking.onCompleted();
    }

    @Test
    void healthTellsOfTheProcessAndOfItsServices() {
        var health = HealthGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
        for (String service : List.of("", "chancery.access.v1.AccessService")) {
            assertThat(health.check(HealthCheckRequest.newBuilder()
                                    .setService(service)
                                    .build())
                            .getStatus())
                    .isEqualTo(ServingStatus.SERVING);
        }
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> health.check(
                        HealthCheckRequest.newBuilder().setService("none").build()))
                .satisfies(failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
    }
}
