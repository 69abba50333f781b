package dev.chancery.egress;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.feature.ProxyOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prints what the proxy adds to a call, beside a direct one in turn with it, and what 2,000 open tunnels take in the process that has them.
 * Run by name; how in docs/reference/performance.md.
 */
final class ProxyBenchmark {
    private static final String HOST = ProxyFixture.HOST;
    private static final int WARM_UP = 2_000;
    private static final int CALLS = 5_000;
    private static final int TUNNELS = 2_000;

    @TempDir
    Path directory;

    /** One call, from its first byte to the answer's last. */
    @FunctionalInterface
    private interface Call {
        void make() throws IOException;
    }

    @Test
    void addedToACall() throws Exception {
        String body = "{\"text\": \"" + "lorem ipsum ".repeat(80) + "\"}";
        try (var proxy = new ProxyFixture(directory);
                var origin =
                        new Origin(javax.net.ServerSocketFactory.getDefault(), "127.0.0.1", head -> Origin.ok("ok"));
                var echo = new Echo()) {
            proxy.names.put(HOST, "127.0.0.1");
            proxy.allow("http://" + HOST + ":" + origin.port());
            proxy.allow("https://" + HOST + ":" + echo.port());
            String host = HOST + ":" + origin.port();
            String rest = " HTTP/1.1\r\nHost: " + host + "\r\n" + ProxyFixture.credentials() + "Content-Length: "
                    + body.length() + "\r\n\r\n" + body;
            compare(
                    "a POST of 1 KiB on a connection of its own, read for data",
                    () -> send(origin.port(), "POST /" + rest),
                    () -> send(proxy.server.port(), "POST http://" + host + "/" + rest));
            proxy.dlp(List.of(), List.of());
            compare(
                    "the same, not read",
                    () -> send(origin.port(), "POST /" + rest),
                    () -> send(proxy.server.port(), "POST http://" + host + "/" + rest));
            try (var direct = new Socket("127.0.0.1", echo.port());
                    Socket tunnel = proxy.tunnel(HOST + ":" + echo.port())) {
                direct.setTcpNoDelay(true);
                tunnel.setTcpNoDelay(true);
                byte[] hello = clientHello();
                tunnel.getOutputStream().write(hello);
                tunnel.getInputStream().readNBytes(hello.length);
                byte[] bytes = new byte[1_024];
                compare(
                        "1 KiB there and back in an open tunnel",
                        () -> roundTrip(direct, bytes),
                        () -> roundTrip(tunnel, bytes));
            }
        }
    }

    private static void compare(String what, Call direct, Call proxied) throws IOException {
        long[][] nanos = new long[2][CALLS];
        for (int i = -WARM_UP; i < CALLS; i++) {
            for (int way = 0; way < 2; way++) {
                long begun = System.nanoTime();
                (way == 0 ? direct : proxied).make();
                if (i >= 0) {
                    nanos[way][i] = System.nanoTime() - begun;
                }
            }
        }
        Arrays.sort(nanos[0]);
        Arrays.sort(nanos[1]);
        System.out.printf(
                "%s: direct p50 %.3f p99 %.3f ms; through the proxy p50 %.3f p99 %.3f ms; added at p50 %.3f ms; calls=%d cores=%d load=%s%n",
                what,
                nanos[0][CALLS / 2] / 1e6,
                nanos[0][CALLS / 100 * 99] / 1e6,
                nanos[1][CALLS / 2] / 1e6,
                nanos[1][CALLS / 100 * 99] / 1e6,
                (nanos[1][CALLS / 2] - nanos[0][CALLS / 2]) / 1e6,
                CALLS,
                Runtime.getRuntime().availableProcessors(),
                load());
    }

    private static void send(int port, String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            byte[] answer = socket.getInputStream().readAllBytes();
            if (!new String(answer, ISO_8859_1).startsWith("HTTP/1.1 200")) {
                throw new IOException(new String(answer, ISO_8859_1));
            }
        }
    }

    private static void roundTrip(Socket socket, byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        if (socket.getInputStream().readNBytes(bytes.length).length < bytes.length) {
            throw new IOException("it ended");
        }
    }

    /** The clients and the host are a process of their own; what is measured is all of this one: proxy, log and test. */
    @Test
    void memoryOfTunnels() throws Exception {
        var options = new ProxyOptions(
                "127.0.0.1",
                0,
                Optional.empty(),
                256,
                TUNNELS,
                TUNNELS,
                Duration.ofMinutes(5),
                Duration.ofMinutes(30),
                port -> {});
        try (var proxy = new ProxyFixture(directory, options)) {
            Path hello = Files.write(directory.resolve("hello"), clientHello());
            Process others = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            TunnelClients.class.getName(),
                            String.valueOf(proxy.server.port()),
                            String.valueOf(TUNNELS),
                            hello.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (var said = others.inputReader(StandardCharsets.US_ASCII);
                    var told = others.outputWriter(StandardCharsets.US_ASCII)) {
                String port = said.readLine();
                proxy.names.put(HOST, "127.0.0.1");
                proxy.allow("https://" + HOST + ":" + port);
                long before = residentKiB();
                told.write(HOST + ":" + port + "\n");
                told.flush();
                assertThat(said.readLine()).isEqualTo("open");
                int open = proxy.server.connections();
                long opened = residentKiB();
                told.write("again\n");
                told.flush();
                assertThat(said.readLine()).isEqualTo("answered");
                System.out.printf(
                        "tunnels: %d open, %d MiB resident, of which %d MiB before the first; heap at most %d MiB; cores=%d load=%s%n",
                        open,
                        opened / 1_024,
                        before / 1_024,
                        Runtime.getRuntime().maxMemory() / 1_048_576,
                        Runtime.getRuntime().availableProcessors(),
                        load());
                assertThat(open).isEqualTo(TUNNELS);
            } finally {
                others.destroyForcibly();
            }
        }
    }

    private static long residentKiB() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    private static String load() {
        try {
            return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** As a client sends it that asks for the host; nothing here goes on from there. */
    private static byte[] clientHello() throws Exception {
        var engine = javax.net.ssl.SSLContext.getDefault().createSSLEngine(HOST, 443);
        engine.setUseClientMode(true);
        var out = java.nio.ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(java.nio.ByteBuffer.allocate(0), out);
        return Arrays.copyOf(out.array(), out.position());
    }

    /** Sends back what it gets. */
    static final class Echo implements AutoCloseable {
        private final ServerSocket server;

        Echo() throws IOException {
            server = new ServerSocket(0, 256, InetAddress.getByName("127.0.0.1"));
            Thread.ofVirtual().start(this::serve);
        }

        int port() {
            return server.getLocalPort();
        }

        private void serve() {
            try {
                while (true) {
                    Socket socket = server.accept();
                    socket.setTcpNoDelay(true);
                    Thread.ofVirtual().start(() -> echo(socket));
                }
            } catch (IOException e) {
                // Closed.
            }
        }

        private static void echo(Socket socket) {
            try (socket) {
                InputStream in = socket.getInputStream();
                OutputStream out = socket.getOutputStream();
                byte[] some = new byte[4_096];
                for (int read = in.read(some); read >= 0; read = in.read(some)) {
                    out.write(some, 0, read);
                }
            } catch (IOException e) {
                // Its client's.
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
