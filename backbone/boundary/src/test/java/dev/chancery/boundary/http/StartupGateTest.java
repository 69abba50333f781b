package dev.chancery.boundary.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.kernel.Rejection;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StartupGateTest {
    private static final Vertx VERTX = Vertx.vertx();
    private static final HttpServer SERVER = VERTX.createHttpServer();
    private static final AtomicReference<Optional<Rejection>> CLOSED = new AtomicReference<>(Optional.empty());

    static {
        Router router = Router.router(VERTX);
        StartupGate.mount(router, CLOSED::get, host -> host.equals("here"));
        router.route().handler(context -> context.response().end("behind"));
        done(SERVER.requestHandler(router).listen(0, "127.0.0.1"));
    }

    @AfterAll
    static void close() {
        done(VERTX.close());
    }

    private static String get(HttpVersion version, String host, String path) {
        var client = VERTX.createHttpClient(
                new HttpClientOptions().setProtocolVersion(version).setHttp2ClearTextUpgrade(false));
        try {
            var options = new RequestOptions()
                    .setMethod(HttpMethod.GET)
                    .setServer(SocketAddress.inetSocketAddress(SERVER.actualPort(), "127.0.0.1"))
                    .setHost(host)
                    .setPort(80)
                    .setURI(path);
            // All on one event loop: a body that comes before somebody asks for it is lost.
            Future<String> answer = Future.future(promise -> VERTX.runOnContext(now -> client.request(options)
                    .compose(request -> request.send())
                    .compose(response -> response.body().map(body -> response.statusCode() + " " + body))
                    .onComplete(promise)));
            return done(answer);
        } finally {
            done(client.close());
        }
    }

    /** A page whose host was made to resolve to this machine names that host (DNS rebinding), over either version. */
    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void aRequestForAnotherHostIsRefused(HttpVersion version) {
        assertThat(get(version, "elsewhere", "/x")).startsWith("400 ").contains("\"request.wrong-host\"");
        assertThat(get(version, "here", "/x")).isEqualTo("200 behind");
    }

    @ParameterizedTest
    @CsvSource({
        "/q/health, 200 behind",
        "/q/health/ready, 200 behind",
        "/q/metrics, 404",
        "/q, 404",
        "/x/../q/metrics, 404",
        "/a%zz, 400"
    })
    void ofQuarkusOnlyHealthIsThere(String path, String answer) {
        assertThat(get(HttpVersion.HTTP_1_1, "here", path)).startsWith(answer);
    }

    /** A process that starts says otherwise than one that has no keys. */
    @Test
    void untilItIsOpenCallersAreToldWhyAndToComeAgain() {
        try {
            for (Rejection why : List.of(BoundaryRejection.UNAVAILABLE, BoundaryRejection.SEALED)) {
                CLOSED.set(Optional.of(why));
                assertThat(get(HttpVersion.HTTP_1_1, "here", "/x"))
                        .startsWith("503 ")
                        .contains("\"" + why.code() + "\"");
                assertThat(get(HttpVersion.HTTP_1_1, "here", "/q/metrics")).startsWith("503 ");
                assertThat(get(HttpVersion.HTTP_1_1, "here", "/q/health")).isEqualTo("200 behind");
            }
        } finally {
            CLOSED.set(Optional.empty());
        }
    }

    private static <T> T done(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
