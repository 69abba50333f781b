package dev.chancery.dsar;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.dsar.Holders.Holder;
import dev.chancery.feature.HolderOptions;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.Host;
import dev.chancery.firewall.Scheme;
import dev.chancery.firewall.Target;
import dev.chancery.keyring.WebhookSignature;
import dev.chancery.schema.dsar.v1.HolderAction;
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
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks a system, by a webhook that is signed as https://www.standardwebhooks.com has it; docs/reference/formats.md. It goes where the
 * workspace's egress list allows, to an address that was looked up once and is none of a private network, and follows no redirect.
 *
 * <p><b>Thread safety:</b> safe; call it from virtual threads. <b>Limits:</b> {@value #MAX_ANSWER_BYTES} bytes of an answer.
 */
final class HolderClient implements AutoCloseable {
    static final int MAX_ANSWER_BYTES = 48 * 1024;

    private static final int NO_ANSWER = 0;

    private final HolderOptions options;
    private final Vertx vertx = Vertx.vertx(new VertxOptions()
            .setEventLoopPoolSize(1)
            .setWorkerPoolSize(2)
            .setInternalBlockingPoolSize(2)
            // It unpacks nothing where others can write.
            .setFileSystemOptions(
                    new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
    // As many connections to one host as requests are at work: at five, Vert.x' own limit, systems of several
    // organisations on one host would
    // wait for each other's answers.
    private final HttpClient client = vertx.createHttpClient(
            new HttpClientOptions().setKeepAlive(false).setDecompressionSupported(false),
            new PoolOptions().setHttp1MaxSize(Rounds.MAX_AT_ONCE));

    HolderClient(HolderOptions options) {
        this.options = options;
    }

    /**
     * What came back.
     *
     * @param status of HTTP; 0: nothing came
     * @param code why nothing came
     */
    record Answer(int status, String code, String body) {
        static Answer none(String code) {
            return new Answer(NO_ANSWER, code, "");
        }
    }

    /** @param secret of the system, 32 bytes */
    Answer ask(Holder holder, EgressPolicy policy, Task task, String subject, byte[] secret, Instant now) {
        String url = holder.registered().getUrl();
        if (!(Target.parse(url) instanceof Target target)) {
            return Answer.none("url");
        }
        // One that was registered before that was refused, or whose loopback is no longer allowed.
        if (!HolderMethods.isProtected(url, options)) {
            return Answer.none("not-https");
        }
        List<InetAddress> addresses;
        try {
            addresses = addresses(target);
        } catch (UnknownHostException e) {
            return Answer.none("no-address");
        }
        if (!isOwnMachine(target, addresses)) {
            EgressDecision decision = policy.evaluate(target, now);
            if (!policy.admit(decision, addresses).allowed()) {
                return Answer.none("egress-denied");
            }
        }
        return send(target, addresses.getFirst(), url, body(task, subject), task.id(), secret, now);
    }

    private boolean isOwnMachine(Target target, List<InetAddress> addresses) {
        return options.loopback()
                && target.host() instanceof Host.Address
                && addresses.stream().allMatch(InetAddress::isLoopbackAddress);
    }

    private static List<InetAddress> addresses(Target target) throws UnknownHostException {
        return switch (target.host()) {
            case Host.Address literal -> List.of(literal.address().toInetAddress());
            // The dot keeps the system from trying the name below domains of its own.
            case Host.Name name ->
                List.of(InetAddress.getAllByName(name.ascii().endsWith(".") ? name.ascii() : name.ascii() + "."));
        };
    }

    /** A read-back is an export to whoever is asked. */
    private static byte[] body(Task task, String subject) {
        return CanonicalJson.write(Map.of(
                "type",
                task.action() == HolderAction.HOLDER_ACTION_ERASE ? "dsar.erase" : "dsar.export",
                "request",
                task.asked().getRequestId(),
                "task",
                task.id(),
                "subject",
                subject));
    }

    private Answer send(
            Target target, InetAddress address, String url, byte[] body, String id, byte[] secret, Instant now) {
        String path = URI.create(url).getRawPath();
        boolean ssl = target.scheme() == Scheme.HTTPS;
        var request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setServer(SocketAddress.inetSocketAddress(target.port(), address.getHostAddress()))
                .setHost(target.host().text())
                .setPort(target.port())
                .setSsl(ssl)
                .setURI(path == null || path.isEmpty() ? "/" : path)
                .setConnectTimeout(options.timeout().toMillis())
                .setIdleTimeout(options.timeout().toMillis())
                .putHeader("Content-Type", "application/json")
                .putHeader("webhook-id", id)
                .putHeader("webhook-timestamp", Long.toString(now.getEpochSecond()))
                .putHeader("webhook-signature", WebhookSignature.of(secret, id, now.getEpochSecond(), body));
        Future<HttpClientRequest> made = client.request(request);
        Future<Answer> answered =
                made.compose(one -> one.send(Buffer.buffer(body))).compose(HolderClient::read);
        try {
            return answered.toCompletionStage()
                    .toCompletableFuture()
                    .get(options.timeout().toMillis(), TimeUnit.MILLISECONDS);
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

    private static Future<Answer> read(HttpClientResponse response) {
        var body = Buffer.buffer();
        var large = new boolean[1];
        response.handler(part -> {
            if (body.length() + part.length() > MAX_ANSWER_BYTES) {
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
