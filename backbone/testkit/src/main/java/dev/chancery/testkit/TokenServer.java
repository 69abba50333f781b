package dev.chancery.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import jakarta.json.Json;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An authorisation server with a token endpoint (RFC 6749, section 6) and a revocation endpoint (RFC 7009). It gives another refresh token each
 * time, takes each once, and takes a second use for a theft: then it takes none any more.
 */
public final class TokenServer implements AutoCloseable {
    public static final String CLIENT = "chancery-vault";

    private static final Vertx VERTX = Vertx.vertx();

    private final String clientSecret = Secrets.fresh();
    private final Optional<Path> authorities;
    private final HttpServer server;
    private final Set<String> access = new HashSet<>();
    private final Set<String> used = new HashSet<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private String refresh = Secrets.fresh();
    private boolean stolen;

    /** How long access tokens last. */
    public volatile int expiresIn = 3_600;

    /** It answers 503. */
    public volatile boolean down;

    private TokenServer(Optional<Path> authorities, HttpServerOptions options) {
        this.authorities = authorities;
        this.server = VERTX.createHttpServer(options)
                .requestHandler(this::handle)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    /** On this machine, without TLS. */
    public static TokenServer start() {
        return new TokenServer(Optional.empty(), new HttpServerOptions());
    }

    /** @param directory of its own, for certificates */
    public static TokenServer overTls(Path directory) {
        var authority = new TestAuthority(directory.resolve("token-authority"));
        TestAuthority.Issued issued = authority.issue("tokens");
        return new TokenServer(
                Optional.of(authority.certificate()),
                new HttpServerOptions()
                        .setSsl(true)
                        .setKeyCertOptions(new PemKeyCertOptions()
                                .setCertPath(issued.certificate().toString())
                                .setKeyPath(issued.key().toString())));
    }

    public String tokenUrl() {
        return url("token");
    }

    public String revocationUrl() {
        return url("revoke");
    }

    private String url(String path) {
        return (authorities.isPresent() ? "https" : "http") + "://127.0.0.1:" + server.actualPort() + "/" + path;
    }

    /** PEM file with the certificate that the server's own is signed by. */
    public Optional<Path> authorities() {
        return authorities;
    }

    public String clientSecret() {
        return clientSecret;
    }

    /** The one that it takes next. */
    public synchronized String refreshToken() {
        return refresh;
    }

    public synchronized boolean takes(String accessToken) {
        return access.contains(accessToken);
    }

    /** Whether a refresh token was used a second time. */
    public synchronized boolean sawATheft() {
        return stolen;
    }

    /** What it was asked, in order: {@code token} and {@code revoke}. */
    public List<String> asked() {
        return asked;
    }

    private void handle(HttpServerRequest request) {
        request.setExpectMultipart(true);
        request.endHandler(ended -> {
            String client =
                    "Basic " + Base64.getEncoder().encodeToString((CLIENT + ":" + clientSecret).getBytes(UTF_8));
            if (down) {
                request.response().setStatusCode(503).end();
            } else if (!client.equals(request.getHeader("Authorization"))) {
                request.response().setStatusCode(401).end("{\"error\": \"invalid_client\"}");
            } else if (request.path().equals("/token")) {
                token(request);
            } else {
                revoke(request);
            }
        });
    }

    private synchronized void token(HttpServerRequest request) {
        MultiMap form = request.formAttributes();
        String token = form.get("refresh_token");
        asked.add("token");
        stolen |= used.contains(token);
        if (stolen || !"refresh_token".equals(form.get("grant_type")) || !refresh.equals(token)) {
            request.response().setStatusCode(400).end("{\"error\": \"invalid_grant\"}");
            return;
        }
        used.add(token);
        refresh = Secrets.fresh();
        String made = Secrets.fresh();
        access.add(made);
        request.response()
                .putHeader("Content-Type", "application/json")
                .end(Json.createObjectBuilder()
                        .add("access_token", made)
                        .add("token_type", "Bearer")
                        .add("expires_in", expiresIn)
                        .add("refresh_token", refresh)
                        .build()
                        .toString());
    }

    private synchronized void revoke(HttpServerRequest request) {
        asked.add("revoke");
        access.remove(request.formAttributes().get("token"));
        request.response().end();
    }

    @Override
    public void close() {
        server.close().toCompletionStage().toCompletableFuture().join();
    }
}
