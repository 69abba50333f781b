package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.schema.egress.v1.GetEgressPolicyReply;
import dev.chancery.schema.egress.v1.ListOverridesReply;
import dev.chancery.schema.egress.v1.Override;
import dev.chancery.schema.egress.v1.OverrideState;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guard with hosts on the loopback, most of which stands for the internet. */
class EgressGuardTest {
    private static final String HOST = "origin.example.com";
    private static final String OTHER = "other.example.net";
    private static final String INSIDE = "127.0.0.66";

    @TempDir
    Path directory;

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Map<String, Supplier<List<String>>> names = new ConcurrentHashMap<>();
    private final AtomicLong skippedNanos = new AtomicLong();
    private volatile Instant now = Instant.parse("2026-06-01T12:00:00Z");
    private volatile GetEgressPolicyReply list = GetEgressPolicyReply.getDefaultInstance();
    private volatile ListOverridesReply overrides = ListOverridesReply.getDefaultInstance();
    private volatile boolean heard = true;
    private volatile String location = "";
    private volatile int status = 200;
    private HttpServer plain;
    private HttpServer inside;
    private HttpsServer secure;
    private SSLContext tls;
    private EgressGuard guard;
    private HttpClient client;

    @BeforeEach
    void start() throws Exception {
        tls = TestTls.of(HOST, directory).context();
        plain = server(HttpServer.create(), "127.0.0.1", 0);
        inside = server(HttpServer.create(), INSIDE, plain.getAddress().getPort());
        secure = HttpsServer.create();
        secure.setHttpsConfigurator(new HttpsConfigurator(tls));
        server(secure, "127.0.0.1", 0);
        names.put(HOST, () -> List.of("127.0.0.1"));
        names.put(OTHER, () -> List.of("127.0.0.1"));
        allow(of("http", HOST), of("https", HOST));
        guard = new EgressGuard(
                new Lists(),
                AddressRanges.only(INSIDE + "/32"),
                this::resolve,
                Duration.ofSeconds(3),
                () -> System.nanoTime() + skippedNanos.get(),
                () -> now,
                () -> {});
        guard.begin();
        assertThat(guard.awaitReady(Duration.ofSeconds(10))).isTrue();
        client = guard.httpClient(HttpClient.newBuilder().sslContext(tls), Redirect.NORMAL);
    }

    @AfterEach
    void stop() {
        guard.close();
        plain.stop(0);
        inside.stop(0);
        secure.stop(0);
    }

    private final class Lists implements EgressGuard.Lists {
        @java.lang.Override
        public GetEgressPolicyReply policy() {
            if (!heard) {
                throw Status.UNAVAILABLE.asRuntimeException();
            }
            return list;
        }

        @java.lang.Override
        public ListOverridesReply overrides() {
            return overrides;
        }

        @java.lang.Override
        public void forgetToken() {}
    }

    private List<InetAddress> resolve(String name) throws UnknownHostException {
        var answers = names.get(name);
        if (answers == null) {
            throw new UnknownHostException(name);
        }
        List<InetAddress> addresses = new java.util.ArrayList<>();
        for (String answer : answers.get()) {
            addresses.add(InetAddress.getByName(answer));
        }
        return addresses;
    }

    private <S extends HttpServer> S server(S server, String address, int port) throws IOException {
        server.bind(new InetSocketAddress(address, port), 0);
        server.createContext("/", exchange -> answer(exchange, address));
        server.start();
        return server;
    }

    private void answer(HttpExchange exchange, String address) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        requests.add(address + " " + exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                + exchange.getRequestHeaders().getFirst("Host") + " auth="
                + exchange.getRequestHeaders().getFirst("Authorization") + " key="
                + exchange.getRequestHeaders().getFirst("X-Api-Key") + " proxy="
                + exchange.getRequestHeaders().getFirst("Proxy-Authorization") + " body=" + body);
        boolean redirects =
                !location.isEmpty() && exchange.getRequestURI().getPath().equals("/from");
        if (redirects) {
            exchange.getResponseHeaders().set("Location", location);
        }
        byte[] said = "said".getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(redirects ? status : 200, said.length);
        exchange.getResponseBody().write(said);
        exchange.close();
    }

    private String of(String scheme, String host) {
        return scheme + "://" + host + ":"
                + (scheme.equals("http") ? plain : secure).getAddress().getPort();
    }

    private void allow(String... patterns) {
        list = GetEgressPolicyReply.newBuilder().addAllAllow(List.of(patterns)).build();
    }

    private HttpRequest.Builder to(String url) {
        return HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofSeconds(20))
                .header("Authorization", "Bearer mine")
                .header("X-Api-Key", "mine");
    }

    private String sent(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString()).body();
    }

    private void redirect(int code, String to) {
        status = code;
        location = to;
    }

    private void await(String url, String reason) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        String last = "";
        while (!last.equals(reason) && System.nanoTime() < deadline) {
            try {
                guard.check(url);
                last = "allowed";
            } catch (EgressDenied e) {
                last = e.reason();
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(last).isEqualTo(reason);
    }

    @Test
    void whatTheListAllowsIsReachedInClearAndThroughTls() throws Exception {
        assertThat(sent(to(of("http", HOST) + "/a?b"))).isEqualTo("said");
        assertThat(sent(to(of("https", HOST) + "/c").POST(BodyPublishers.ofString("text"))))
                .isEqualTo("said");
        assertThat(requests)
                .containsExactly(
                        "127.0.0.1 GET /a?b " + of("http", HOST).substring(7)
                                + " auth=Bearer mine key=mine proxy=null body=",
                        "127.0.0.1 POST /c " + of("https", HOST).substring(8)
                                + " auth=Bearer mine key=mine proxy=null body=text");
    }

    @Test
    void aDenialTellsHostCodeAndFix() {
        assertThatThrownBy(() -> sent(to("https://nowhere.example.org/secret-path")))
                .isInstanceOfSatisfying(EgressDenied.class, denied -> {
                    assertThat(denied.host()).isEqualTo("nowhere.example.org");
                    assertThat(denied.code()).isEqualTo("egress.denied");
                    assertThat(denied.reason()).isEqualTo("not-allowlisted");
                    assertThat(denied).hasMessageContaining("override").hasMessageNotContaining("secret-path");
                });
        assertThatThrownBy(() -> client.sendAsync(
                                to("https://nowhere.example.org/").build(), BodyHandlers.discarding())
                        .get())
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(EgressDenied.class);
    }

    @Test
    void anAddressInsideIsDeniedHoweverTheNameComesToIt() throws Exception {
        for (String scheme : List.of("http", "https")) {
            names.put(HOST, () -> List.of("127.0.0.1", INSIDE));
            assertThatThrownBy(() -> sent(to(of(scheme, HOST))))
                    .isInstanceOfSatisfying(EgressDenied.class, denied -> assertThat(denied.reason())
                            .isEqualTo("forbidden-address"));
        }
        allow("http://" + INSIDE + ":" + plain.getAddress().getPort());
        assertThatThrownBy(
                        () -> sent(to("http://0x7f000042:" + plain.getAddress().getPort())))
                .isInstanceOf(EgressDenied.class);
        assertThat(requests).isEmpty();
    }

    /** What the client's first look found is not what is dialled, but what the connector found and judged itself. */
    @Test
    void aNameThatTurnsInsideIsNotDialledThere() throws Exception {
        var answers = List.of(List.of("127.0.0.1"), List.of(INSIDE)).iterator();
        names.put(HOST, answers::next);
        var answer = client.send(to(of("http", HOST)).build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("egress.denied", HOST, "forbidden-address");
        assertThat(requests).isEmpty();
    }

    @Test
    void aRedirectIsDecidedAgain() {
        redirect(302, "http://" + INSIDE + "/latest/meta-data");
        assertThatThrownBy(() -> sent(to(of("http", HOST) + "/from")))
                .isInstanceOfSatisfying(
                        EgressDenied.class, denied -> assertThat(denied.host()).isEqualTo(INSIDE));
        redirect(302, "http://" + OTHER + "/");
        assertThatThrownBy(() -> client.sendAsync(to(of("http", HOST) + "/from").build(), BodyHandlers.ofString())
                        .get())
                .hasCauseInstanceOf(EgressDenied.class);
    }

    @Test
    void acrossOriginsNoCredentialGoesAlong() throws Exception {
        allow(of("http", HOST), of("http", OTHER));
        await(of("http", OTHER), "allowed");
        redirect(307, of("http", OTHER) + "/to");
        assertThat(sent(to(of("http", HOST) + "/from").POST(BodyPublishers.ofString("text"))))
                .isEqualTo("said");
        redirect(303, "/to");
        assertThat(sent(to(of("http", HOST) + "/from").POST(BodyPublishers.ofString("text"))))
                .isEqualTo("said");
        assertThat(requests.get(1)).contains(" POST /to ", "auth=null", "key=null", "proxy=null", "body=text");
        assertThat(requests.get(3)).contains(" GET /to ", "auth=Bearer mine", "key=mine", "proxy=null");
    }

    @Test
    void anEditIsInForceOnConnectionsThatAreOpenToo() throws Exception {
        assertThat(sent(to(of("https", HOST)))).isEqualTo("said");
        list = list.toBuilder().addDeny(HOST).build();
        await(of("https", HOST), "explicit-deny");
        assertThatThrownBy(() -> sent(to(of("https", HOST)))).isInstanceOf(EgressDenied.class);
        assertThat(requests).hasSize(1);
    }

    @Test
    void anOverrideEndsAtItsMomentWithoutBeingAskedAbout() throws Exception {
        overrides = ListOverridesReply.newBuilder()
                .addOverrides(Override.newBuilder()
                        .setHost("over.example.org")
                        .setState(OverrideState.OVERRIDE_STATE_IN_FORCE)
                        .setExpiresAtMillis(now.plusSeconds(60).toEpochMilli()))
                .addOverrides(Override.newBuilder()
                        .setHost("wanted.example.org")
                        .setState(OverrideState.OVERRIDE_STATE_REQUESTED)
                        .setExpiresAtMillis(now.plusSeconds(60).toEpochMilli()))
                .build();
        await("https://over.example.org", "allowed");
        await("https://wanted.example.org", "not-allowlisted");
        now = now.plusSeconds(60);
        assertThatThrownBy(() -> guard.check("https://over.example.org"))
                .isInstanceOfSatisfying(EgressDenied.class, denied -> assertThat(denied.reason())
                        .isEqualTo("not-allowlisted"));
    }

    @Test
    void anOldListDeniesEverything() throws Exception {
        heard = false;
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (guard.trouble().isEmpty() && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(guard.trouble()).isEqualTo("UNAVAILABLE");
        skippedNanos.set(Duration.ofSeconds(4).toNanos());
        assertThatThrownBy(() -> sent(to(of("https", HOST))))
                .isInstanceOfSatisfying(
                        EgressDenied.class, denied -> assertThat(denied.code()).isEqualTo("egress.stale"));
        heard = true;
        await(of("https", HOST), "allowed");
        assertThat(sent(to(of("https", HOST)))).isEqualTo("said");
    }

    @Test
    void theConnectorIsForThisProcessAlone() throws Exception {
        String target = HOST + ":" + secure.getAddress().getPort();
        assertThat(connect(target, "")).startsWith("HTTP/1.1 407 ");
        assertThat(connect(target, "Proxy-Authorization: Bearer other\r\n")).startsWith("HTTP/1.1 407 ");
        String basic =
                Base64.getEncoder().encodeToString(("any:" + guard.proxyPassword()).getBytes(StandardCharsets.UTF_8));
        assertThat(connect("nowhere.example.org:443", "Proxy-Authorization: Basic " + basic + "\r\n"))
                .startsWith("HTTP/1.1 403 egress.denied");
    }

    /** The port that is dialled is the one that was judged. */
    @Test
    void whatConnectNamesIsAHostAndAPort() throws Exception {
        String target = HOST + "/x:" + secure.getAddress().getPort();
        assertThat(connect(target, bearer())).startsWith("HTTP/1.1 502 ");
        assertThat(connect(HOST, bearer())).startsWith("HTTP/1.1 502 ");
    }

    /** Of a library's that keeps its connection, so that this class is never asked again. */
    @Test
    void aTunnelEndsWithWhatAllowedIt() throws Exception {
        try (var tunnel = tunnel()) {
            list = list.toBuilder().addDeny(HOST).build();
            assertThat(isEnded(tunnel)).isTrue();
        }
        list = GetEgressPolicyReply.getDefaultInstance();
        overrides = ListOverridesReply.newBuilder()
                .addOverrides(Override.newBuilder()
                        .setHost(of("https", HOST))
                        .setState(OverrideState.OVERRIDE_STATE_IN_FORCE)
                        .setExpiresAtMillis(now.plusSeconds(60).toEpochMilli()))
                .build();
        await(of("https", HOST), "allowed");
        try (var tunnel = tunnel()) {
            now = now.plusSeconds(60);
            assertThat(isEnded(tunnel)).isTrue();
        }
        allow(of("https", HOST));
        await(of("https", HOST), "allowed");
        try (var tunnel = tunnel()) {
            heard = false;
            skippedNanos.set(Duration.ofSeconds(4).toNanos());
            assertThat(isEnded(tunnel)).isTrue();
        }
    }

    /** What came before is no whole answer, and no other answer follows in it. */
    @Test
    void anAnswerThatBreaksOffIsReset() throws Exception {
        try (var origin = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                var socket = new Socket("127.0.0.1", guard.proxyPort())) {
            String target = "http://" + HOST + ":" + origin.getLocalPort();
            allow(target);
            await(target, "allowed");
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("GET " + target + "/ HTTP/1.1\r\n" + bearer() + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            try (var accepted = origin.accept()) {
                accepted.getOutputStream()
                        .write("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nhalf"
                                .getBytes(StandardCharsets.US_ASCII));
                byte[] begun = new byte[256];
                var text = new StringBuilder();
                while (text.indexOf("half") < 0) {
                    int read = socket.getInputStream().read(begun);
                    assertThat(read).isPositive();
                    text.append(new String(begun, 0, read, StandardCharsets.US_ASCII));
                }
                accepted.setSoLinger(true, 0);
            }
            assertThatThrownBy(() -> socket.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
        }
    }

    private Socket tunnel() throws IOException {
        String target = HOST + ":" + secure.getAddress().getPort();
        var socket = new Socket("127.0.0.1", guard.proxyPort());
        socket.setSoTimeout(5_000);
        socket.getOutputStream()
                .write(("CONNECT " + target + " HTTP/1.1\r\n" + bearer() + "\r\n").getBytes(StandardCharsets.US_ASCII));
        byte[] answer = new byte["HTTP/1.1 200 Connection Established\r\n\r\n".length()];
        assertThat(socket.getInputStream().readNBytes(answer, 0, answer.length)).isEqualTo(answer.length);
        assertThat(new String(answer, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 200 ");
        return socket;
    }

    private static boolean isEnded(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private String bearer() {
        return "Proxy-Authorization: Bearer " + guard.proxyPassword() + "\r\n";
    }

    private String connect(String target, String credentials) throws IOException {
        try (var socket = new Socket("127.0.0.1", guard.proxyPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + credentials + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
