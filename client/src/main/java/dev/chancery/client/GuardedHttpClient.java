package dev.chancery.client;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** The JDK's client, asking before each request, a redirect's too. Its connections are made by the {@link EgressConnector}. */
final class GuardedHttpClient extends HttpClient {
    private final HttpClient delegate;
    private final EgressGuard guard;
    private final Redirect redirects;
    private final String credentials;

    /** @param delegate goes through the connector, and follows no redirect */
    GuardedHttpClient(HttpClient delegate, EgressGuard guard, Redirect redirects, String password) {
        this.delegate = delegate;
        this.guard = guard;
        this.redirects = redirects;
        this.credentials = "Bearer " + password;
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
            throws IOException, InterruptedException {
        HttpRequest next = request;
        for (int hop = 0; ; hop++) {
            HttpResponse<T> response = delegate.send(admitted(next), handler);
            Optional<HttpRequest> more = redirected(next, response, hop);
            if (more.isEmpty()) {
                return response;
            }
            next = more.get();
        }
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, BodyHandler<T> handler) {
        return sendAsync(request, admitted -> delegate.sendAsync(admitted, handler), 0);
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request, BodyHandler<T> handler, @Nullable PushPromiseHandler<T> pushed) {
        return sendAsync(request, admitted -> delegate.sendAsync(admitted, handler, pushed), 0);
    }

    private <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request, Function<HttpRequest, CompletableFuture<HttpResponse<T>>> send, int hop) {
        Executor executor = delegate.executor().orElse(ForkJoinPool.commonPool());
        return CompletableFuture.supplyAsync(() -> unchecked(request), executor)
                .thenCompose(send)
                .thenCompose(response -> redirected(request, response, hop)
                        .map(next -> sendAsync(next, send, hop + 1))
                        .orElseGet(() -> CompletableFuture.completedFuture(response)));
    }

    private HttpRequest unchecked(HttpRequest request) {
        try {
            return admitted(request);
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /** Looks at the addresses, too, so that a denial is an exception; the connector looks at those that it dials. */
    private HttpRequest admitted(HttpRequest request) throws IOException {
        guard.admit(request.uri().toASCIIString());
        return HttpRequest.newBuilder(request, (name, value) -> true)
                .setHeader("Proxy-Authorization", credentials)
                .build();
    }

    private Optional<HttpRequest> redirected(HttpRequest request, HttpResponse<?> response, int hop) {
        if (redirects == Redirect.NEVER || hop >= Redirection.MAX) {
            return Optional.empty();
        }
        return Redirection.of(
                        request.uri(),
                        request.method(),
                        response.statusCode(),
                        response.headers().firstValue("location"))
                .filter(next -> redirects == Redirect.ALWAYS || !next.leavesTls())
                .map(next -> {
                    var following = HttpRequest.newBuilder(request, (name, value) -> next.carries(name))
                            .uri(next.to());
                    return (next.becomesGet() ? following.GET() : following).build();
                });
    }

    @Override
    public WebSocket.Builder newWebSocketBuilder() {
        throw new UnsupportedOperationException("web sockets go through Chancery's proxy: this client opens none");
    }

    @Override
    public Optional<CookieHandler> cookieHandler() {
        return delegate.cookieHandler();
    }

    @Override
    public Optional<Duration> connectTimeout() {
        return delegate.connectTimeout();
    }

    @Override
    public Redirect followRedirects() {
        return redirects;
    }

    @Override
    public Optional<ProxySelector> proxy() {
        return delegate.proxy();
    }

    @Override
    public SSLContext sslContext() {
        return delegate.sslContext();
    }

    @Override
    public SSLParameters sslParameters() {
        return delegate.sslParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
        return delegate.authenticator();
    }

    @Override
    public Version version() {
        return delegate.version();
    }

    @Override
    public Optional<Executor> executor() {
        return delegate.executor();
    }
}
