package dev.chancery.outbound;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.testkit.TestAuthority;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real HTTPS server on the loopback. */
class OutboundClientTest {
    private static final AddressRanges OPENED = AddressRanges.forbidden().except(List.of("127.0.0.0/8"));
    private static final int MAX_ANSWER = 1_000;

    @TempDir
    private Path directory;

    private final Vertx vertx = Vertx.vertx();
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private Optional<HttpServer> server = Optional.empty();
    private Optional<Path> authorities = Optional.empty();
    /** Of one call: longer than any machine takes for one that is answered. */
    private Duration timeout = Duration.ofSeconds(20);

    @BeforeEach
    void aServer() {
        var authority = new TestAuthority(directory);
        authorities = Optional.of(authority.certificate());
        TestAuthority.Issued issued = authority.issue("issuer");
        server = Optional.of(vertx.createHttpServer(new HttpServerOptions()
                        .setSsl(true)
                        .setKeyCertOptions(new PemKeyCertOptions()
                                .setCertPath(issued.certificate().toString())
                                .setKeyPath(issued.key().toString())))
                .requestHandler(this::handle)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join());
    }

    @AfterEach
    void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private void handle(HttpServerRequest request) {
        request.body().onSuccess(body -> {
            seen.add(request.path() + " " + request.getHeader("Host") + " " + request.getHeader("one") + " "
                    + body.toString(UTF_8));
            var response = request.response();
            switch (request.path()) {
                case "/moved" ->
                    response.setStatusCode(307)
                            .putHeader("Location", "/elsewhere")
                            .end();
                case "/silent" -> {}
                case "/large" -> response.end("x".repeat(MAX_ANSWER + 1));
                case "/drip" -> {
                    response.setChunked(true);
                    long timer = vertx.setPeriodic(50, id -> response.write(" "));
                    response.closeHandler(closed -> {
                        vertx.cancelTimer(timer);
                        ended.countDown();
                    });
                }
                default -> response.end("Papagei");
            }
        });
    }

    private int port() {
        return server.orElseThrow().actualPort();
    }

    private static EgressPolicy allowing(String... hosts) {
        return new EgressPolicy(
                OPENED,
                List.of(),
                List.of(),
                // As a pattern that denies, since none that allows may name localhost, and TestAuthority's certificates
                // do.
                List.of(hosts).stream().map(HostPattern::deny).toList(),
                Map.of(),
                List.of());
    }

    private Answer post(String url, Optional<Path> trusted, EgressPolicy policy) {
        return post(url, trusted, policy, "127.0.0.1");
    }

    /** @param address of every name */
    private Answer post(String url, Optional<Path> trusted, EgressPolicy policy, String address) {
        try (var client = client(trusted, address)) {
            return post(client, url, policy);
        }
    }

    private OutboundClient client(Optional<Path> trusted, String address) {
        var destinations = new Destinations(OPENED, name -> List.of(InetAddress.ofLiteral(address)));
        return new OutboundClient(destinations, new OutboundClient.Limits(timeout, MAX_ANSWER, 4), trusted);
    }

    private static Answer post(OutboundClient client, String url, EgressPolicy policy) {
        return client.post(url, Map.of("one", "1"), "body".getBytes(UTF_8), policy, Instant.now());
    }

    private Answer post(String path) {
        return post("https://127.0.0.1:" + port() + path, authorities, allowing());
    }

    @Test
    void itIsSentToTheAddressAndTheNameKeepsItsMeaning() {
        assertThat(post("/a/b")).isEqualTo(new Answer(200, "", "Papagei"));
        assertThat(post("https://localhost:" + port() + "/", authorities, allowing("localhost:" + port())))
                .isEqualTo(new Answer(200, "", "Papagei"));
        assertThat(seen).containsExactly("/a/b 127.0.0.1:" + port() + " 1 body", "/ localhost:" + port() + " 1 body");
    }

    /** The system would lead the name to the server, which listens on another address than the one that was judged. */
    @Test
    void theAddressThatWasJudgedIsDialledWhateverElseTheNameLeadsTo() {
        assertThat(post("https://localhost:" + port() + "/", authorities, allowing("localhost:" + port()), "127.0.0.2")
                        .code())
                .isEqualTo("no-connection");
        assertThat(seen).isEmpty();
    }

    @Test
    void whoShowsNoCertificateForTheNameIsToldNothing() {
        assertThat(post("https://127.0.0.1:" + port() + "/", Optional.empty(), allowing())
                        .code())
                .as("an authority that nobody trusts")
                .isEqualTo("no-connection");
        assertThat(post(
                                "https://issuer.example.com:" + port() + "/",
                                authorities,
                                allowing("issuer.example.com:" + port()))
                        .code())
                .as("another name")
                .isEqualTo("no-connection");
        assertThat(seen).isEmpty();
    }

    @Test
    void whatNoListAllowsIsNotDialled() {
        assertThat(post("https://issuer.example.com:" + port() + "/", authorities, allowing())
                        .code())
                .isEqualTo("egress-denied");
        assertThat(post("http://issuer.example.com/", authorities, allowing("issuer.example.com"))
                        .code())
                .isEqualTo("not-https");
        assertThat(post("issuer", authorities, allowing()).code()).isEqualTo("url");
        assertThat(seen).isEmpty();
    }

    @Test
    void noRedirectIsFollowedAndNothingWaitsForEver() throws InterruptedException {
        assertThat(post("/moved").status()).isEqualTo(307);
        assertThat(seen).hasSize(1);

        timeout = Duration.ofSeconds(3);
        assertThat(post("/silent").code()).isIn("no-answer-in-time", "no-connection");
        try (var client = client(authorities, "127.0.0.1")) {
            assertThat(post(client, "https://127.0.0.1:" + port() + "/drip", allowing())
                            .code())
                    .isEqualTo("no-answer-in-time");
            assertThat(ended.await(5, TimeUnit.SECONDS))
                    .as("the client goes on, and has let go of the connection")
                    .isTrue();
        }
    }

    @Test
    void anAnswerHasALimit() {
        assertThat(post("/large").code()).isEqualTo("answer-too-large");
    }

    @Test
    void anAnswersTextHasNoneOfItsBody() {
        assertThat(post("/a")).hasToString("http-200");
    }
}
