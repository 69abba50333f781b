package dev.chancery.boundary.connections;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.testkit.TestAuthority;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Behind TLS stand the same guards: there the protocol is agreed on in the handshake, and not found by the first bytes. */
class TlsGuardsTest {
    private static final Duration UNREAD = Duration.ofSeconds(2);
    private static final long TOTAL = 4L << 20;

    private final AtomicInteger requests = new AtomicInteger();

    @TempDir
    private Path directory;

    private GuardedServer server;
    private SSLContext client;

    @BeforeEach
    void start() throws Exception {
        var authority = new TestAuthority(directory);
        TestAuthority.Issued issued = authority.issue("localhost");
        var options = new HttpServerOptions()
                .setSsl(true)
                .setUseAlpn(true)
                .setKeyCertOptions(new PemKeyCertOptions()
                        .setCertPath(issued.certificate().toString())
                        .setKeyPath(issued.key().toString()));
        server = new GuardedServer(GuardedServer.limits(1_000, TOTAL, UNREAD), options, request -> {
            requests.incrementAndGet();
            if (!request.path().equals("/never")) {
                request.response().end(Buffer.buffer(new byte[10_000]));
            }
        });
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null);
        try (var in = Files.newInputStream(authority.certificate())) {
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        client = SSLContext.getInstance("TLS");
        client.init(null, trust.getTrustManagers(), null);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Socket connect(String protocol) throws IOException {
        var socket =
                (SSLSocket) client.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout((int) GuardedServer.LIMIT.toMillis());
        var parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        assertThat(socket.getApplicationProtocol()).isEqualTo(protocol);
        return socket;
    }

    private Http2Peer peer(byte... settings) throws IOException {
        return new Http2Peer(connect("h2"), settings);
    }

    @Test
    void aRequestThatCanBeReadInTwoWaysIsRefusedInWords() throws Exception {
        try (Socket socket = connect("http/1.1")) {
            socket.getOutputStream()
                    .write(
                            "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                                    .getBytes(ISO_8859_1));
            assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
                    .startsWith("HTTP/1.1 400 ")
                    .contains("request.malformed-head");
        }
        assertThat(requests).hasValue(0);
    }

    @Test
    void requestsThatComeTogetherAreTakenOneByOne() throws Exception {
        try (Socket socket = connect("http/1.1")) {
            socket.getOutputStream()
                    .write("GET /never HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20).getBytes(ISO_8859_1));
            assertThat(GuardedServer.await(Duration.ofSeconds(1), () -> requests.get() > 1))
                    .isFalse();
            assertThat(requests).hasValue(1);
        }
    }

    @Test
    void framesThatCarryNoRequestAreCounted() throws Exception {
        try (var peer = peer()) {
            assertThat(peer.read(peer.get("/"))).isEqualTo(10_000);
            Thread.ofVirtual().start(() -> {
                try {
                    peer.pings(20_000);
                } catch (IOException e) {
                    // closed, as it should be
                }
            });
            assertThat(peer.isEnded()).isTrue();
        }
    }

    @Test
    void streamsAndUnreadAnswersAreBounded() throws Exception {
        try (var patient = peer(Http2Peer.NO_WINDOW)) {
            patient.get("/");
            for (int connection = 0; connection < 10; connection++) {
                try (var stranger = peer(Http2Peer.NO_WINDOW)) {
                    for (int call = 0; call < 2 * ConnectionLimits.defaults().streams(); call++) {
                        stranger.get("/");
                    }
                } catch (IOException e) {
                    // ended
                }
            }
            assertThat(GuardedServer.await(GuardedServer.LIMIT, () -> requests.get() > 1))
                    .isTrue();
            assertThat(patient.isEnded()).as("given no window for " + UNREAD).isTrue();
        }
        assertThat(requests.get())
                .isLessThanOrEqualTo(1 + 10 * ConnectionLimits.defaults().streams());
    }
}
