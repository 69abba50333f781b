package dev.chancery.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chancery.feature.ProxyOptions;
import dev.chancery.firewall.TestRanges;
import java.io.IOException;
import java.io.InputStream;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The proxy against hosts and name servers on the loopback, most of which stands for the internet. */
class ProxyTest {
    private static final String HOST = ProxyFixture.HOST;

    /** The JDK's client sends no Basic credentials with CONNECT unless it is told. */
    static {
        System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
    }

    @TempDir
    Path directory;

    private ProxyFixture proxy;
    private Origin plain;
    private Origin secure;

    @BeforeEach
    void start() throws Exception {
        proxy = new ProxyFixture(directory);
        plain = new Origin(ServerSocketFactory.getDefault(), "127.0.0.1", head -> Origin.ok("plain"));
        secure = new Origin(proxy.tls.getServerSocketFactory(), "127.0.0.1", head -> Origin.ok("secure"));
        proxy.names.put(HOST, "127.0.0.1");
        proxy.allow("http://" + HOST + ":" + plain.port());
        proxy.allow("https://" + HOST + ":" + secure.port());
    }

    @AfterEach
    void stop() throws Exception {
        plain.close();
        secure.close();
        proxy.close();
    }

    private String url(Origin origin, String path) {
        return (origin == secure ? "https://" : "http://") + HOST + ":" + origin.port() + path;
    }

    private String throughTls(Socket tunnel, String serverName) throws IOException {
        try (var socket =
                (SSLSocket) proxy.tls.getSocketFactory().createSocket(tunnel, serverName, secure.port(), true)) {
            var parameters = new SSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(serverName)));
            socket.setSSLParameters(parameters);
            socket.getOutputStream()
                    .write(("GET / HTTP/1.1\r\nHost: " + HOST + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void aTunnelCarriesTlsToTheHostItWasAskedFor() throws Exception {
        assertThat(throughTls(proxy.tunnel(HOST + ":" + secure.port()), HOST)).endsWith("secure");
        assertThat(proxy.records("chancery.proxy.v1.ConnectionAllowed")).isEqualTo(1);
    }

    @Test
    void anAbsoluteUrlIsPassedOnWithItsBody() throws Exception {
        String answer = proxy.sent("POST " + url(plain, "/a?b") + " HTTP/1.1\r\nHost: " + HOST + ":" + plain.port()
                + "\r\n" + ProxyFixture.credentials() + "Content-Length: 3\r\n\r\nabcGET /smuggled HTTP/1.1\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 200").endsWith("plain");
        assertThat(plain.heads).singleElement().satisfies(head -> assertThat(head)
                .startsWith("POST /a?b HTTP/1.1\r\nHost: " + HOST + ":" + plain.port() + "\r\n")
                .doesNotContain("Proxy-Authorization", ProxyFixture.TOKEN));
        assertThat(plain.bodies).containsExactly("abc");
    }

    @Test
    void aDenialTellsHostCodeAndFix() throws Exception {
        assertThat(proxy.connect("other.example.com:443"))
                .startsWith("HTTP/1.1 403 ")
                .contains(
                        "\"code\":\"egress.denied\"", "\"host\":\"other.example.com\"", "not-allowlisted", "override");
        for (int i = 0; i < 5; i++) {
            proxy.connect("other.example.com:443");
        }
        assertThat(proxy.records("chancery.proxy.v1.ConnectionDenied")).isEqualTo(1);
    }

    @Test
    void nobodyGoesOutWithoutAToken() throws Exception {
        String without = proxy.sent("GET " + url(plain, "/") + " HTTP/1.1\r\nHost: " + HOST + "\r\n\r\n");
        assertThat(without).startsWith("HTTP/1.1 407 ").contains("Proxy-Authenticate: Basic", "proxy.token");
        proxy.mayUse = false;
        assertThat(proxy.get(url(plain, "/"), HOST + ":" + plain.port())).contains("403", "proxy.not-permitted");
        assertThat(plain.heads).isEmpty();
    }

    @Test
    void anAllowedHostOnADeniedPortIsDenied() throws Exception {
        assertThat(proxy.connect(HOST + ":25")).contains("not-allowlisted");
        assertThat(proxy.connect(HOST + ":" + plain.port())).contains("not-allowlisted");
    }

    @Test
    void oneForbiddenAnswerDeniesTheName() throws Exception {
        proxy.names.put(HOST, "127.0.0.1", TestRanges.INSIDE);
        assertThat(proxy.get(url(plain, "/"), HOST + ":" + plain.port())).contains("forbidden-address");
        proxy.names.put(HOST, "127.0.0.1", "10.1.2.3");
        assertThat(proxy.connect(HOST + ":" + secure.port())).contains("forbidden-address");
        assertThat(plain.heads).isEmpty();
    }

    /** The name is looked up once, and what was looked at is dialled. */
    @Test
    void aNameThatTurnsInsideIsDialledWhereItWasLookedAt() throws Exception {
        Iterator<List<String>> answers =
                List.of(List.of("127.0.0.1"), List.of(TestRanges.INSIDE)).iterator();
        proxy.names.put(HOST, answers::next);
        assertThat(proxy.get(url(plain, "/"), HOST + ":" + plain.port())).endsWith("plain");
        assertThat(proxy.names.questions).hasValue(1);
        assertThat(proxy.get(url(plain, "/"), HOST + ":" + plain.port())).contains("forbidden-address");
    }

    @Test
    void anAliasThatLeadsInsideIsDenied() throws Exception {
        proxy.names.put(HOST, "inside.example.net");
        proxy.names.put("inside.example.net", TestRanges.INSIDE);
        assertThat(proxy.connect(HOST + ":" + secure.port())).contains("forbidden-address");
    }

    @Test
    void anAddressInsideIsDeniedHoweverItIsSpelt() throws Exception {
        proxy.allow("http://" + HOST);
        for (String inside : List.of("127.0.0.66", "0x7f000042", "2130706498", "0177.0.0.0x42", "127.66")) {
            assertThat(proxy.connect(inside + ":443")).as(inside).contains("403");
        }
        assertThat(proxy.connect("[::ffff:127.0.0.66]:443")).contains("403");
    }

    @Test
    void aServerNameThatDiffersEndsTheTunnel() throws Exception {
        Socket tunnel = proxy.tunnel(HOST + ":" + secure.port());
        assertThatThrownBy(() -> throughTls(tunnel, "hidden.example.com")).isInstanceOf(IOException.class);
        assertThat(secure.heads).isEmpty();
        assertThat(proxy.records("chancery.proxy.v1.ConnectionDenied")).isEqualTo(1);
    }

    @Test
    void whatIsNoTlsEndsTheTunnel() throws Exception {
        try (Socket tunnel = proxy.tunnel(HOST + ":" + secure.port())) {
            tunnel.getOutputStream().write("SSH-2.0-anything\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(tunnel.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aHostFieldThatDiffersIsDenied() throws Exception {
        for (String host : List.of("other.example.com", HOST, HOST + ":1", "other.example.com:" + plain.port())) {
            assertThat(proxy.get(url(plain, "/"), host)).as(host).contains("403", "proxy.name-differs");
        }
        assertThat(proxy.sent("CONNECT " + HOST + ":" + secure.port() + " HTTP/1.1\r\nHost: other.example.com\r\n"
                        + ProxyFixture.credentials() + "\r\n"))
                .contains("proxy.name-differs");
        assertThat(plain.heads).isEmpty();
    }

    @Test
    void aRequestThatCouldBeTwoReachesNobody() throws Exception {
        String head = "POST " + url(plain, "/") + " HTTP/1.1\r\nHost: " + HOST + ":" + plain.port() + "\r\n"
                + ProxyFixture.credentials();
        for (String pair : List.of(
                "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                "X: a\r\n b\r\n\r\n",
                "X: a\n\r\n")) {
            assertThat(proxy.sent(head + pair))
                    .as(pair)
                    .startsWith("HTTP/1.1 400 ")
                    .contains("proxy.malformed");
        }
        assertThat(plain.heads).isEmpty();
    }

    @Test
    void anOverrideIsRecordedWithEachUseAndEndsWhatItAllowed() throws Exception {
        proxy.names.put("over.example.org", "127.0.0.1");
        String override = proxy.override("https://" + "over.example.org:" + secure.port(), Duration.ofMinutes(5));
        for (int i = 0; i < 2; i++) {
            throughTls(proxy.tunnel("over.example.org:" + secure.port()), "over.example.org");
        }
        assertThat(proxy.records("chancery.proxy.v1.OverrideUsed")).isEqualTo(2);

        Socket open = proxy.tunnel("over.example.org:" + secure.port());
        var socket =
                (SSLSocket) proxy.tls.getSocketFactory().createSocket(open, "over.example.org", secure.port(), true);
        var parameters = new SSLParameters();
        parameters.setServerNames(List.of(new SNIHostName("over.example.org")));
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        proxy.revoke(override);
        ended(socket);
        assertThat(proxy.connect("over.example.org:" + secure.port())).contains("not-allowlisted");
    }

    private static void ended(Socket socket) {
        long begun = System.nanoTime();
        try (socket) {
            InputStream in = socket.getInputStream();
            while (in.read() >= 0) {
                // What was under way.
            }
        } catch (IOException e) {
            // Reset: ended, too.
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
    }

    @Test
    void inASandboxEachConnectionIsRecorded() throws Exception {
        proxy.sandbox();
        for (int i = 0; i < 3; i++) {
            proxy.get(url(plain, "/"), HOST + ":" + plain.port());
        }
        assertThat(proxy.records("chancery.proxy.v1.ConnectionAllowed")).isEqualTo(3);
    }

    @Test
    void whoIsSlowKeepsNobodyWaiting() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                Socket socket = proxy.dialled();
                socket.getOutputStream().write("CONNECT ".getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            long begun = System.nanoTime();
            assertThat(proxy.get(url(plain, "/"), HOST + ":" + plain.port())).endsWith("plain");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void aWorkspaceHasItsShare(@TempDir Path other) throws Exception {
        var few = new ProxyOptions(
                "127.0.0.1", 0, Optional.empty(), 10, 10, 1, Duration.ofSeconds(3), Duration.ofMinutes(1), port -> {});
        try (var small = new ProxyFixture(other, few)) {
            small.names.put(HOST, "127.0.0.1");
            small.allow("https://" + HOST + ":" + secure.port());
            Socket first = small.tunnel(HOST + ":" + secure.port());
            assertThat(small.connect(HOST + ":" + secure.port())).startsWith("HTTP/1.1 429 ");
            // It carries no byte, and is ended.
            ended(first);
        }
    }

    private HttpClient client() {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .proxy(ProxySelector.of(new InetSocketAddress("127.0.0.1", proxy.server.port())))
                .authenticator(new Authenticator() {
                    @Override
                    protected PasswordAuthentication getPasswordAuthentication() {
                        return new PasswordAuthentication("any", ProxyFixture.TOKEN.toCharArray());
                    }
                })
                .followRedirects(HttpClient.Redirect.ALWAYS)
                .sslContext(proxy.tls)
                .build();
    }

    @Test
    void javasHttpClientGoesThroughUnchanged() throws Exception {
        try (HttpClient client = client()) {
            for (Origin origin : List.of(plain, secure)) {
                var answer = client.send(
                        HttpRequest.newBuilder(URI.create(url(origin, "/"))).build(), BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.body()).isEqualTo(origin == secure ? "secure" : "plain");
            }
        }
    }

    @Test
    void aRedirectInsideIsAskedAboutAgain() throws Exception {
        var answers = new Origin(
                ServerSocketFactory.getDefault(),
                "127.0.0.1",
                head -> "HTTP/1.1 302 Found\r\nLocation: http://" + TestRanges.INSIDE
                        + "/latest/meta-data\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        try (answers;
                HttpClient client = client()) {
            proxy.allow("http://" + HOST + ":" + answers.port());
            var answer = client.send(
                    HttpRequest.newBuilder(URI.create(url(answers, "/"))).build(), BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(answer.body()).contains("forbidden-address", TestRanges.INSIDE);
        }
    }

    @Test
    void curlGoesThroughUnchanged() throws Exception {
        Path curl = Path.of("/usr/bin/curl");
        assumeTrue(curl.toFile().canExecute(), "skipped: there is no /usr/bin/curl");
        for (Origin origin : List.of(plain, secure)) {
            Process process = new ProcessBuilder(
                            curl.toString(),
                            "--silent",
                            "--show-error",
                            "--proxy",
                            "http://any:" + ProxyFixture.TOKEN + "@127.0.0.1:" + proxy.server.port(),
                            "--cacert",
                            proxy.authority.toString(),
                            "--noproxy",
                            "",
                            url(origin, "/"))
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isZero();
            assertThat(said).isEqualTo(origin == secure ? "secure" : "plain");
        }
    }
}
