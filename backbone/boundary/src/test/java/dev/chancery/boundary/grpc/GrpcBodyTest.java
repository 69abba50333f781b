package dev.chancery.boundary.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import dev.chancery.boundary.TestInstance;
import dev.chancery.boundary.http.HttpAdmission;
import dev.chancery.boundary.http.RestApi;
import dev.chancery.boundary.http.StartupGate;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import io.grpc.Status.Code;
import io.vertx.core.Future;
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
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no gRPC call, and calls whose bytes are not those of one message: refused with a code, before and after the handler is found. */
class GrpcBodyTest {
    private static final String SIGN_IN = "/chancery.identity.v1.IdentityService/IssueToken";
    private static final TestInstance INSTANCE = new TestInstance();
    private static final Vertx VERTX = Vertx.vertx();
    private static final ExecutorService EXECUTOR = Executors.newVirtualThreadPerTaskExecutor();
    private static final HttpServer SERVER = VERTX.createHttpServer();
    private static final HttpClient HTTP2 = VERTX.createHttpClient(
            new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false));
    private static final HttpClient HTTP1 = VERTX.createHttpClient();

    static {
        INSTANCE.methods
                .command(
                        "chancery.access.v1.AccessService/RetireRole",
                        RetireRoleRequest.class,
                        (context, request) -> CommandOutcome.already(RetireRoleReply.getDefaultInstance()))
                .publicCommand(
                        SIGN_IN.substring(1),
                        IssueTokenRequest.class,
                        request -> {
                            throw new RefusedException(BoundaryRejection.TOKEN_INVALID);
                        },
                        (context, request) -> {
                            throw new AssertionError("nobody is identified");
                        });
        Router router = Router.router(VERTX);
        StartupGate.mount(router, Optional::empty, host -> true);
        new GrpcApi(INSTANCE.pipeline, EXECUTOR).mount(VERTX, router, INSTANCE.methods, () -> true);
        HttpAdmission.mount(router, INSTANCE.pipeline);
        new RestApi(INSTANCE.pipeline, INSTANCE.methods, EXECUTOR).mount(router);
        done(SERVER.requestHandler(router).listen(0, "127.0.0.1"));
    }

    private record Answer(int http, String mediaType, int status, String code, String body) {}

    @AfterEach
    void noPermitIsLeft() {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (INSTANCE.pipeline.unknownCalls() > 0) {
            assertThat(System.nanoTime()).isLessThan(deadlineNanos);
            Thread.onSpinWait();
        }
    }

    @AfterAll
    static void close() {
        done(VERTX.close());
        EXECUTOR.close();
    }

    private static Answer send(
            HttpClient client, HttpMethod verb, String mediaType, Map<String, String> headers, Buffer body) {
        HttpClientRequest request = done(client.request(verb, SERVER.actualPort(), "127.0.0.1", SIGN_IN));
        request.putHeader("Content-Type", mediaType);
        headers.forEach(request::putHeader);
        HttpClientResponse response = done(request.send(body));
        String text = done(response.body()).toString();
        String status = trailer(response, "grpc-status");
        String details = trailer(response, "grpc-status-details-bin");
        return new Answer(
                response.statusCode(),
                response.getHeader("content-type"),
                status.isEmpty() ? -1 : Integer.parseInt(status),
                details.isEmpty() ? "" : code(details),
                text);
    }

    private static String trailer(HttpClientResponse response, String name) {
        String inHead = response.getHeader(name);
        String value = inHead == null ? response.getTrailer(name) : inHead;
        return value == null ? "" : value;
    }

    private static String code(String details) {
        try {
            var status = com.google.rpc.Status.parseFrom(Base64.getDecoder().decode(details));
            ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
            assertThat(status.getMessage()).isNotBlank();
            assertThat(info.getMetadataMap().keySet()).containsExactlyInAnyOrder("hint", "docsUrl", "requestId");
            return info.getReason();
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static Buffer frame(int flags, int length, int sent) {
        return Buffer.buffer().appendByte((byte) flags).appendInt(length).appendBytes(new byte[sent]);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 3, request.invalid-field",
        "1, 3, 3, 12, request.compressed",
        "1, 0, 0, 12, request.compressed",
        "2, 0, 0, 3, request.malformed",
        "255, 0, 0, 3, request.malformed",
        "0, 65537, 65537, 3, request.too-large",
        "0, 3000000, 3000000, 3, request.too-large",
        "0, -1, 10, 3, request.too-large",
        "0, 10, 3, 3, request.malformed",
    })
    void aFrameIsPlainAndSmallAndWhole(int flags, int length, int sent, int status, String code) {
        Answer answer = send(HTTP2, HttpMethod.POST, "application/grpc", Map.of(), frame(flags, length, sent));

        assertThat(answer).isEqualTo(new Answer(200, "application/grpc", status, code, ""));
    }

    @Test
    void aSecondFrameIsLookedAtToo() {
        Answer answer = send(
                HTTP2,
                HttpMethod.POST,
                "application/grpc",
                Map.of(),
                frame(0, 3, 3).appendBuffer(frame(1, 3, 3)));

        assertThat(answer.code()).isIn("request.compressed", "request.malformed");
    }

    @ParameterizedTest
    @CsvSource({
        "grpc-encoding, gzip, 12, request.compressed",
        "grpc-encoding, x, 12, request.compressed",
        "foo-bin, '!!!', 3, request.malformed-head",
        "foo-bin, AAAAA, 3, request.malformed-head",
        "grpc-timeout, soon, 3, request.malformed-head",
        "grpc-timeout, 123456789S, 3, request.malformed-head",
        "grpc-timeout, -1S, 3, request.malformed-head",
        "grpc-timeout, 0S, 4, request.deadline",
        "grpc-timeout, 1n, 4, request.deadline",
        "grpc-timeout, 99999999H, 3, request.invalid-field",
        "grpc-timeout, 10S, 3, request.invalid-field"
    })
    void aHeadIsOneOfACall(String name, String value, int status, String code) {
        Answer answer = send(HTTP2, HttpMethod.POST, "application/grpc", Map.of(name, value), frame(0, 0, 0));

        assertThat(answer).isEqualTo(new Answer(200, "application/grpc", status, code, ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/grpcfoo",
                "application/grpc-web",
                "application/grpc-web+proto",
                "application/grpc-web-text",
                "application/grpc+json",
                "application/GRPC",
                "application/grpc, text/plain"
            })
    void anotherMediaTypeIsNoCall(String mediaType) {
        noCall(send(HTTP2, HttpMethod.POST, mediaType, Map.of(), frame(0, 0, 0)));
    }

    @Test
    void anotherVerbOrProtocolIsNoCall() {
        noCall(send(HTTP2, HttpMethod.GET, "application/grpc", Map.of(), Buffer.buffer()));
        noCall(send(HTTP2, HttpMethod.PUT, "application/grpc", Map.of(), frame(0, 0, 0)));
        noCall(send(HTTP1, HttpMethod.POST, "application/grpc", Map.of(), frame(0, 0, 0)));
    }

    private static void noCall(Answer answer) {
        assertThat(answer.http()).as("%s", answer).isEqualTo(404);
        assertThat(answer.status()).as("no gRPC").isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"})
    void aCallIsServed(String mediaType) {
        assertThat(send(HTTP2, HttpMethod.POST, mediaType, Map.of(), frame(0, 0, 0))
                        .code())
                .isEqualTo("request.invalid-field");
    }

    /** The rest of a body that came too late is passed over. */
    @Test
    void aBodyThatComesTooLateIsRefusedWithACode() {
        HttpClientRequest request = done(HTTP2.request(HttpMethod.POST, SERVER.actualPort(), "127.0.0.1", SIGN_IN));
        request.putHeader("Content-Type", "application/grpc").setChunked(true);
        Buffer whole = frame(0, 3, 3);
        request.write(whole.getBuffer(0, 6));
        HttpClientResponse response = done(request.response());
        request.exceptionHandler(reset -> {});
        request.end(whole.getBuffer(6, whole.length()));

        assertThat(trailer(response, "grpc-status")).isEqualTo(Integer.toString(Code.DEADLINE_EXCEEDED.value()));
        assertThat(code(trailer(response, "grpc-status-details-bin"))).isEqualTo("request.late");
    }

    private static <T> T done(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
