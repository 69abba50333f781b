package dev.chancery.egress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.feature.ProxyOptions;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What those who have no token may hold of the proxy, and that each refusal is counted. */
class StrangersTest {
    private static final int STRANGERS = 8;
    private static final int TUNNELS = 2;
    private static final Duration BOUND = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private final SimpleMeterRegistry counts = new SimpleMeterRegistry();
    private final List<Socket> silent = new ArrayList<>();

    @BeforeEach
    void count() {
        Metrics.addRegistry(counts);
    }

    @AfterEach
    void leave() throws IOException {
        Metrics.removeRegistry(counts);
        for (Socket socket : silent) {
            socket.close();
        }
    }

    private static ProxyOptions options(Optional<ProxyOptions.Tls> tls) {
        return new ProxyOptions(
                "127.0.0.1",
                0,
                tls,
                STRANGERS,
                TUNNELS,
                TUNNELS,
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                port -> {});
    }

    private long refused(String code) {
        var counter = counts.find("chancery.proxy.refusals").tag("code", code).counter();
        return counter == null ? 0 : (long) counter.count();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private void strangers(ProxyFixture proxy, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            silent.add(proxy.dialled());
        }
    }

    @Test
    void strangersTakeNoCallersPlace() throws Exception {
        try (var proxy = new ProxyFixture(directory, options(Optional.empty()));
                var origin = new Origin(ServerSocketFactory.getDefault(), "127.0.0.1", head -> Origin.ok("plain"))) {
            proxy.names.put(ProxyFixture.HOST, "127.0.0.1");
            proxy.allow("http://" + ProxyFixture.HOST + ":" + origin.port());
            strangers(proxy, 4 * STRANGERS);
            String answer = proxy.get(
                    "http://" + ProxyFixture.HOST + ":" + origin.port() + "/", ProxyFixture.HOST + ":" + origin.port());
            assertThat(answer).startsWith("HTTP/1.1 200").endsWith("plain");
        }
    }

    @Test
    void whoeverIsOneTooManyPushesOutTheOneThatWaitedLongest() throws Exception {
        try (var proxy = new ProxyFixture(directory, options(Optional.empty()))) {
            strangers(proxy, STRANGERS + 3);
            await(() -> refused("pushed-out") == 3);
            assertThat(proxy.server.strangers()).isEqualTo(STRANGERS);
            for (Socket first : silent.subList(0, 3)) {
                assertThat(first.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void callersHavePlacesOfTheirOwnAndOneTooManyIsToldSo() throws Exception {
        try (var proxy = new ProxyFixture(directory, options(Optional.empty()));
                var origin = new Origin(ServerSocketFactory.getDefault(), "127.0.0.1", head -> "")) {
            proxy.names.put(ProxyFixture.HOST, "127.0.0.1");
            proxy.allow("https://" + ProxyFixture.HOST + ":" + origin.port());
            for (int i = 0; i < TUNNELS; i++) {
                silent.add(proxy.tunnel(ProxyFixture.HOST + ":" + origin.port()));
            }
            assertThat(proxy.server.connections()).isEqualTo(TUNNELS);
            assertThat(proxy.connect(ProxyFixture.HOST + ":" + origin.port()))
                    .startsWith("HTTP/1.1 503 ")
                    .contains("proxy.busy");
            assertThat(refused("proxy.busy")).isEqualTo(1);
        }
    }

    @Test
    void eachRefusalIsCounted() throws Exception {
        try (var proxy = new ProxyFixture(directory, options(Optional.empty()))) {
            proxy.sent("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n");
            proxy.sent("no request\r\n\r\n");
            proxy.connect("other.example.com:443");
            assertThat(refused("proxy.token")).isEqualTo(1);
            assertThat(refused("proxy.malformed")).isEqualTo(1);
            assertThat(refused("egress.denied")).isEqualTo(1);
        }
    }

    /** Byte by byte, each before the socket's own time-out is over: within TLS nobody else looks at the clock. */
    @Test
    void aHandshakeThatTricklesIsEnded() throws Exception {
        Path files = Files.createDirectory(directory.resolve("tls"));
        var keys = ProxyFixture.keys(files);
        Path key = Files.writeString(
                files.resolve("proxy.key"),
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(keys.getKey("origin", ProxyFixture.PASSWORD)
                                        .getEncoded())
                        + "\n-----END PRIVATE KEY-----\n");
        var tls = new ProxyOptions.Tls(ProxyFixture.pem(keys, files), key);
        try (var proxy = new ProxyFixture(directory, options(Optional.of(tls)));
                Socket slow = proxy.dialled()) {
            OutputStream out = slow.getOutputStream();
            // A handshake record of 512 bytes.
            out.write(new byte[] {0x16, 3, 1, 2, 0});
            Thread trickle = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 200; i++) {
                        out.write(1);
                        TimeUnit.MILLISECONDS.sleep(200);
                    }
                } catch (IOException | InterruptedException e) {
                    // Ended.
                }
            });
            await(() -> refused("late") == 1);
            await(() -> proxy.server.strangers() == 0);
            trickle.interrupt();
        }
    }

    /** In a process of its own, whose descriptors the test takes. */
    @Test
    void acceptingRestsWhileThereAreNoDescriptorsAndGoesOnAfterwards() throws Exception {
        Process process = new ProcessBuilder(
                        "bash",
                        "-c",
                        "ulimit -n 512 && exec \"$@\"",
                        "bash",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        WithoutDescriptors.class.getName())
                .redirectError(directory.resolve("err").toFile())
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s", Files.readString(directory.resolve("err")))
                .isZero();
        assertThat(said).as("%s", Files.readString(directory.resolve("err"))).contains("answered=true");
        var failures = java.util.regex.Pattern.compile("failures=([0-9]+)").matcher(said);
        assertThat(failures.find()).isTrue();
        // In two seconds, with a rest of 100 ms between two.
        assertThat(Integer.parseInt(failures.group(1))).isBetween(1, 25);
    }
}
