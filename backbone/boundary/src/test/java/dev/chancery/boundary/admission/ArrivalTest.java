package dev.chancery.boundary.admission;

import static dev.chancery.boundary.TestInstance.ADA;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Empty;
import dev.chancery.boundary.TestInstance;
import dev.chancery.boundary.grpc.GrpcApi;
import dev.chancery.boundary.http.HttpAdmission;
import dev.chancery.boundary.http.RestApi;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls over both faces whose bodies take their time: they have their places from the first, and not for ever. */
class ArrivalTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String RETIRE = "/access/v1/roles/clerk/retire";
    private static final String SIGN_IN = "chancery.identity.v1.IdentityService/IssueToken";
    private static final TestInstance INSTANCE = new TestInstance();
    private static final Vertx VERTX = Vertx.vertx();
    private static final ExecutorService EXECUTOR = Executors.newVirtualThreadPerTaskExecutor();
    private static final HttpServer SERVER = VERTX.createHttpServer();
    private static final HttpClient GRPC = grpcClient();

    static {
        INSTANCE.methods
                .command(
                        "chancery.access.v1.AccessService/RetireRole",
                        RetireRoleRequest.class,
                        (context, request) -> CommandOutcome.already(RetireRoleReply.getDefaultInstance()))
                .publicCommand(
                        SIGN_IN,
                        IssueTokenRequest.class,
                        request -> {
                            throw new RefusedException(BoundaryRejection.TOKEN_INVALID);
                        },
                        (context, request) -> {
                            throw new AssertionError("nobody is identified");
                        });
        Router router = Router.router(VERTX);
        new GrpcApi(INSTANCE.pipeline, EXECUTOR).mount(VERTX, router, INSTANCE.methods, () -> true, List.of(beside()));
        HttpAdmission.mount(router, INSTANCE.pipeline);
        router.get("/open").handler(context -> context.response().end("open"));
        new RestApi(INSTANCE.pipeline, INSTANCE.methods, EXECUTOR).mount(router);
        done(SERVER.requestHandler(router).listen(0, "127.0.0.1"));
    }

    /** What there is besides the contract's methods; it never answers. */
    private static ServerServiceDefinition beside() {
        var empty = ProtoUtils.marshaller(Empty.getDefaultInstance());
        var stay = MethodDescriptor.newBuilder(empty, empty)
                .setType(MethodType.BIDI_STREAMING)
                .setFullMethodName("test.Beside/Stay")
                .build();
        return ServerServiceDefinition.builder("test.Beside")
                .addMethod(stay, (call, headers) -> {
                    call.request(1);
                    return new ServerCall.Listener<>() {};
                })
                .build();
    }

    private final List<Socket> sockets = new ArrayList<>();

    @AfterEach
    void everyPlaceIsGivenBackOnceTheConnectionsAreClosed() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        await(() -> INSTANCE.pipeline.unknownCalls() + INSTANCE.pipeline.knownCalls() == 0);
    }

    @AfterAll
    static void close() {
        done(VERTX.close());
        EXECUTOR.close();
    }

    /** However many bodies are on their way: the one that was begun first gives way to a request that comes whole. */
    @Test
    void whoSendsNoBodyGivesWayToWhoDoes() throws Exception {
        String known = INSTANCE.token(ADA, INSTANCE.organisation());
        assertThat(rest(RETIRE, known)).startsWith("HTTP/1.1 200");
        Socket first = beginRest("/identity/v1/tokens", "");
        await(() -> INSTANCE.pipeline.unknownCalls() == 1);
        for (int call = 1; call < InFlight.MAX_UNKNOWN; call++) {
            beginRest("/identity/v1/tokens", "");
        }
        await(() -> INSTANCE.pipeline.unknownCalls() == InFlight.MAX_UNKNOWN);

        assertThat(rest("/identity/v1/tokens", ""))
                .startsWith("HTTP/1.1 400")
                .contains("\r\nContent-Type: application/problem+json\r\n", "\r\nCache-Control: no-store\r\n");
        assertThat(first.getInputStream().read()).as("closed without an answer").isEqualTo(-1);
        assertThat(get("/open")).startsWith("HTTP/1.1 200");
        for (int call = 0; call < 2 * InFlight.MAX_UNKNOWN; call++) {
            beginRest("/identity/v1/tokens", "");
        }
        assertThat(rest("/identity/v1/tokens", "")).startsWith("HTTP/1.1 400");
        assertThat(INSTANCE.pipeline.unknownCalls()).isLessThanOrEqualTo(InFlight.MAX_UNKNOWN);
        assertThat(rest(RETIRE, known)).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(strings = {SIGN_IN, "test.Beside/Stay"})
    void messagesThatAreOnTheirWayGiveWayAsWell(String method) throws Exception {
        List<HttpClientRequest> begun = new ArrayList<>();
        for (int call = 0; call < InFlight.MAX_UNKNOWN; call++) {
            begun.add(beginGrpc(method, ""));
        }
        await(() -> INSTANCE.pipeline.unknownCalls() == InFlight.MAX_UNKNOWN);

        assertThat(rest("/identity/v1/tokens", "")).startsWith("HTTP/1.1 400");
        HttpClientRequest oneMore = beginGrpc(method, "");
        await(() -> INSTANCE.pipeline.unknownCalls() == InFlight.MAX_UNKNOWN);
        begun.add(oneMore);
        begun.forEach(HttpClientRequest::reset);
        await(() -> INSTANCE.pipeline.unknownCalls() == 0);
        assertThat(rest("/identity/v1/tokens", "")).startsWith("HTTP/1.1 400");
    }

    @Test
    void bodiesOfAKnownCallerTakeThePlacesOfItsTenant() throws Exception {
        String ada = INSTANCE.token(ADA, INSTANCE.organisation());
        assertThat(rest(RETIRE, ada)).startsWith("HTTP/1.1 200");
        for (int call = 0; call < InFlight.MAX_OF_A_TENANT; call++) {
            beginRest(RETIRE, ada);
        }
        await(() -> INSTANCE.pipeline.knownCalls() == InFlight.MAX_OF_A_TENANT);

        assertThat(rest(RETIRE, ada))
                .startsWith("HTTP/1.1 429")
                .contains("\r\nRetry-After: 1\r\n", "\"code\":\"tenant.too-many-calls\"");
        HttpClientRequest refused = beginGrpc("chancery.access.v1.AccessService/RetireRole", ada);
        assertThat(grpcStatus(refused)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
        assertThat(rest(RETIRE, INSTANCE.token(ADA, INSTANCE.organisation()))).startsWith("HTTP/1.1 200");
    }

    @Test
    void whoseBodyDoesNotComeInTimeLosesItsPlace() throws Exception {
        Socket slow = beginRest("/identity/v1/tokens", "");
        HttpClientRequest slowToo = beginGrpc(SIGN_IN, "");
        HttpClientRequest slowBeside = beginGrpc("test.Beside/Stay", "");
        await(() -> INSTANCE.pipeline.unknownCalls() == 3);

        assertThat(slow.getInputStream().read()).as("closed without an answer").isEqualTo(-1);
        assertThat(grpcStatus(slowToo)).isEqualTo(Status.Code.DEADLINE_EXCEEDED.value());
        assertThat(grpcStatus(slowBeside)).isEqualTo(Status.Code.DEADLINE_EXCEEDED.value());
        await(() -> INSTANCE.pipeline.unknownCalls() == 0);
    }

    /** Long before the body's time is up, and for a tenant's permits as well. */
    @ParameterizedTest
    @ValueSource(strings = {"chancery.access.v1.AccessService/RetireRole", "test.Beside/Stay"})
    void aConnectionThatIsDroppedGivesThePlacesOfItsGrpcCallsBack(String method) {
        String known = INSTANCE.token(ADA, INSTANCE.organisation());
        HttpClient dropped = grpcClient();
        for (int call = 0; call < 16; call++) {
            beginGrpc(dropped, method, known);
        }
        await(() -> INSTANCE.pipeline.knownCalls() == 16);

        long droppedNanos = System.nanoTime();
        done(dropped.close());
        await(() -> INSTANCE.pipeline.knownCalls() == 0);

        assertThat(Duration.ofNanos(System.nanoTime() - droppedNanos)).isLessThan(Duration.ofSeconds(2));
    }

    // REST

    /** Sends all of a request but the end of its body. */
    private Socket beginRest(String path, String bearer) throws IOException {
        Socket socket = connect();
        socket.getOutputStream().write((head("POST", path, bearer) + "Content-Length: 3\r\n\r\n{").getBytes(UTF_8));
        return socket;
    }

    private String rest(String path, String bearer) throws IOException {
        return answer(head("POST", path, bearer) + "Content-Length: 2\r\n\r\n{}");
    }

    private String get(String path) throws IOException {
        return answer(head("GET", path, "") + "\r\n");
    }

    private String answer(String request) throws IOException {
        Socket socket = connect();
        socket.getOutputStream().write(request.getBytes(UTF_8));
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    private static String head(String verb, String path, String bearer) {
        return verb + " " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n"
                + (bearer.isEmpty() ? "" : "Authorization: Bearer " + bearer + "\r\n");
    }

    private Socket connect() throws IOException {
        var socket = new Socket("127.0.0.1", SERVER.actualPort());
        socket.setSoTimeout((int) LIMIT.toMillis());
        sockets.add(socket);
        return socket;
    }

    // gRPC

    /** Sends the head of a call, and of its message the first bytes. */
    private static HttpClientRequest beginGrpc(String method, String bearer) {
        return beginGrpc(GRPC, method, bearer);
    }

    private static HttpClient grpcClient() {
        return VERTX.createHttpClient(new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setHttp2MaxPoolSize(8));
    }

    private static HttpClientRequest beginGrpc(HttpClient client, String method, String bearer) {
        HttpClientRequest request =
                done(client.request(HttpMethod.POST, SERVER.actualPort(), "127.0.0.1", "/" + method));
        request.exceptionHandler(reset -> {});
        request.putHeader("Content-Type", "application/grpc").putHeader("TE", "trailers");
        if (!bearer.isEmpty()) {
            request.putHeader("Authorization", "Bearer " + bearer);
        }
        request.setChunked(true).write(Buffer.buffer(new byte[] {0, 0, 0, 0, 9, 1}));
        return request;
    }

    private static int grpcStatus(HttpClientRequest request) {
        HttpClientResponse response = done(request.response());
        String inHead = response.getHeader("grpc-status");
        if (inHead == null) {
            done(response.end());
        }
        return Integer.parseInt(inHead == null ? response.getTrailer("grpc-status") : inHead);
    }

    private static <T> T done(io.vertx.core.Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void await(BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadlineNanos);
            Thread.onSpinWait();
        }
    }
}
