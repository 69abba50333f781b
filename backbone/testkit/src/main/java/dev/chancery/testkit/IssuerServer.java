package dev.chancery.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A service that makes values of secrets and takes them back, as docs/reference/secret-issuer.md has it. */
public final class IssuerServer implements AutoCloseable {
    private static final Vertx VERTX = Vertx.vertx();

    private final String key;
    private final Optional<Path> authorities;
    private final HttpServer server;
    private final Map<String, String> made = new HashMap<>();
    private final Set<String> revoked = new HashSet<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    /** What it answers instead; 0: what it should. */
    public volatile int status;

    /** It does what it is asked for, and nobody hears that it did. */
    public volatile boolean mute;

    private IssuerServer(String key, Optional<Path> authorities, HttpServerOptions options) {
        this.key = key;
        this.authorities = authorities;
        this.server = VERTX.createHttpServer(options)
                .requestHandler(this::handle)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    /**
     * On this machine, without TLS.
     *
     * @param key by which requests are to be signed
     */
    public static IssuerServer start(String key) {
        return new IssuerServer(key, Optional.empty(), new HttpServerOptions());
    }

    /** @param directory of its own, for certificates */
    public static IssuerServer overTls(String key, Path directory) {
        var authority = new TestAuthority(directory.resolve("issuer-authority"));
        TestAuthority.Issued issued = authority.issue("issuer");
        return new IssuerServer(
                key,
                Optional.of(authority.certificate()),
                new HttpServerOptions()
                        .setSsl(true)
                        .setKeyCertOptions(new PemKeyCertOptions()
                                .setCertPath(issued.certificate().toString())
                                .setKeyPath(issued.key().toString())));
    }

    public String url() {
        return (authorities.isPresent() ? "https" : "http") + "://127.0.0.1:" + server.actualPort() + "/v1/keys";
    }

    /** PEM file with the certificate that the server's own is signed by. */
    public Optional<Path> authorities() {
        return authorities;
    }

    /** The requests that were signed, in order: {@code create prod/mail/key 4}. */
    public List<String> asked() {
        return asked;
    }

    /** Whether it takes a value that it made. */
    public synchronized boolean takes(String value) {
        return made.entrySet().stream()
                .anyMatch(each -> each.getValue().equals(value) && !revoked.contains(each.getKey()));
    }

    /** How many values it takes. */
    public synchronized int live() {
        return (int) made.keySet().stream().filter(id -> !revoked.contains(id)).count();
    }

    private void handle(HttpServerRequest request) {
        request.body().onSuccess(body -> {
            if (!signature(request, body.toString(UTF_8)).equals(request.getHeader("webhook-signature"))) {
                request.response().setStatusCode(401).end();
                return;
            }
            if (status != 0) {
                request.response().setStatusCode(status).end();
                return;
            }
            String answer = answer(
                    Json.createReader(new StringReader(body.toString(UTF_8))).readObject());
            if (mute) {
                request.connection().close();
            } else if (answer.isEmpty()) {
                request.response().setStatusCode(204).end();
            } else {
                request.response().putHeader("Content-Type", "application/json").end(answer);
            }
        });
    }

    private synchronized String answer(JsonObject body) {
        String id = body.getString("idempotencyKey");
        String action = body.getString("action");
        asked.add(action + " " + body.getString("secret") + " " + body.getInt("version"));
        if (action.equals("revoke")) {
            revoked.add(id);
            return "";
        }
        return Json.createObjectBuilder()
                .add("value", made.computeIfAbsent(id, asked -> Secrets.fresh()))
                .build()
                .toString();
    }

    private String signature(HttpServerRequest request, String body) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key.getBytes(UTF_8), "HmacSHA256"));
            String signed = request.getHeader("webhook-id") + "." + request.getHeader("webhook-timestamp") + "." + body;
            return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.close().toCompletionStage().toCompletableFuture().join();
    }
}
