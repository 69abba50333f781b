package dev.chancery.outbound;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.Scheme;
import dev.chancery.firewall.Target;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Posts to addresses that an organisation configures. It goes where {@link Destinations} says, by TLS or to an opened address of this machine,
 * and follows no redirect.
 *
 * <p><b>Thread safety:</b> safe; call it from virtual threads.
 *
 * <p><b>Does not promise</b> that what was sent leaves no trace in memory: Vert.x has buffers of its own.
 */
public final class OutboundClient implements AutoCloseable {
    private static final int NO_ANSWER = 0;

    private final Destinations destinations;
    private final Limits limits;
    private final Vertx vertx = Vertx.vertx(new VertxOptions()
            .setEventLoopPoolSize(1)
            .setWorkerPoolSize(2)
            .setInternalBlockingPoolSize(2)
            // It unpacks nothing where others can write.
            .setFileSystemOptions(
                    new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
    private final HttpClient client;

    /**
     * @param timeout from the first byte out to the last byte in
     * @param answerBytes of an answer's body, at most
     * @param connections to one host at most: as many as requests are at work, or those of several organisations to one host would wait for
     *     each other's answers
     */
    public record Limits(Duration timeout, int answerBytes, int connections) {}

    /**
     * What came back.
     *
     * @param status of HTTP; 0: nothing came
     * @param code why nothing came; stable
     */
    public record Answer(int status, String code, String body) {
        public static Answer none(String code) {
            return new Answer(NO_ANSWER, code, "");
        }

        /** For logs and records: what it came to. */
        public String outcome() {
            return status == NO_ANSWER ? code : "http-" + status;
        }

        /** The body may be a secret. */
        @Override
        public String toString() {
            return outcome();
        }
    }

    /** @param authorities PEM file with the certificates that hosts' ones are checked against; empty: the Java runtime's own */
    public OutboundClient(Destinations destinations, Limits limits, Optional<Path> authorities) {
        this.destinations = destinations;
        this.limits = limits;
        var options = new HttpClientOptions().setKeepAlive(false).setDecompressionSupported(false);
        authorities.ifPresent(file -> options.setPemTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
        client = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(limits.connections()));
    }

    /** @param policy of the workspace in whose name it is sent */
    public Answer post(String url, Map<String, String> headers, byte[] body, EgressPolicy policy, Instant now) {
        if (!(Target.parse(url) instanceof Target target)) {
            return Answer.none("url");
        }
        // One that was configured before that was refused, or whose loopback is no longer opened.
        if (!destinations.isProtected(url)) {
            return Answer.none("not-https");
        }
        try {
            return send(target, destinations.address(target, policy, now), url, headers, body);
        } catch (NotReached e) {
            return Answer.none(e.reason().code());
        }
    }

    private Answer send(Target target, InetAddress address, String url, Map<String, String> headers, byte[] body) {
        var request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setServer(SocketAddress.inetSocketAddress(target.port(), address.getHostAddress()))
                .setHost(target.host().text())
                .setPort(target.port())
                .setSsl(target.scheme() == Scheme.HTTPS)
                .setURI(path(url))
                .setConnectTimeout(limits.timeout().toMillis())
                .setIdleTimeout(limits.timeout().toMillis());
        headers.forEach(request::putHeader);
        Future<HttpClientRequest> made = client.request(request);
        Future<Answer> answered =
                made.compose(one -> one.send(Buffer.buffer(body))).compose(this::read);
        try {
            return answered.toCompletionStage()
                    .toCompletableFuture()
                    .get(limits.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // Whoever answers a byte now and then would keep the connection.
            made.onSuccess(HttpClientRequest::reset);
            return Answer.none("no-answer-in-time");
        } catch (ExecutionException e) {
            return Answer.none("no-connection");
        } catch (InterruptedException e) {
            made.onSuccess(HttpClientRequest::reset);
            Thread.currentThread().interrupt();
            return Answer.none("interrupted");
        }
    }

    private static String path(String url) {
        URI parsed = URI.create(url);
        String path = parsed.getRawPath();
        return (path == null || path.isEmpty() ? "/" : path)
                + (parsed.getRawQuery() == null ? "" : "?" + parsed.getRawQuery());
    }

    private Future<Answer> read(HttpClientResponse response) {
        var body = Buffer.buffer();
        var large = new boolean[1];
        response.handler(part -> {
            if (body.length() + part.length() > limits.answerBytes()) {
                large[0] = true;
                response.request().reset();
            } else {
                body.appendBuffer(part);
            }
        });
        return response.end()
                .map(done -> new Answer(response.statusCode(), "", body.toString(UTF_8)))
                .recover(failed -> large[0]
                        ? Future.succeededFuture(Answer.none("answer-too-large"))
                        : Future.failedFuture(failed));
    }

    @Override
    public void close() {
        vertx.close();
    }
}
