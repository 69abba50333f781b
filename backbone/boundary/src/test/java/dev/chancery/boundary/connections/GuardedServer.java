package dev.chancery.boundary.connections;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Vert.x as Quarkus makes it, with the transport found as a service, in front of one handler. */
final class GuardedServer implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(40);

    private final Vertx vertx;
    private final HttpServer server;

    GuardedServer(io.vertx.core.Handler<HttpServerRequest> handler) {
        this(ConnectionLimits.defaults(), new HttpServerOptions(), handler);
    }

    GuardedServer(
            ConnectionLimits limits, HttpServerOptions options, io.vertx.core.Handler<HttpServerRequest> handler) {
        ConnectionLimits.use(limits);
        vertx = Vertx.vertx();
        ConnectionLimits.use(ConnectionLimits.defaults());
        server = vertx.createHttpServer(options);
        done(server.requestHandler(handler).listen(0, "127.0.0.1"));
    }

    /** The usual limits, but for those of number and of answers that are not read. */
    static ConnectionLimits limits(int connections, long unreadTotalBytes, Duration unread) {
        ConnectionLimits usual = ConnectionLimits.defaults();
        return new ConnectionLimits(
                connections,
                usual.firstAnswer(),
                unread,
                usual.unreadBytes(),
                unreadTotalBytes,
                usual.idle(),
                usual.streams(),
                usual.pipelined(),
                usual.controlFrames(),
                usual.controlWindow());
    }

    int port() {
        return server.actualPort();
    }

    Socket connect() throws IOException {
        var socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setReceiveBufferSize(64 * 1024);
        socket.connect(new java.net.InetSocketAddress("127.0.0.1", server.actualPort()));
        socket.setSoTimeout((int) LIMIT.toMillis());
        return socket;
    }

    /** Sends text and answers with all that comes until the connection ends. */
    String exchange(String sent) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(sent.getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    /** A frame of HTTP/2. */
    static void frame(ByteArrayOutputStream out, int type, int flags, int stream, byte... payload) {
        int length = payload.length;
        out.writeBytes(
                new byte[] {(byte) (length >> 16), (byte) (length >> 8), (byte) length, (byte) type, (byte) flags});
        out.writeBytes(new byte[] {(byte) (stream >> 24), (byte) (stream >> 16), (byte) (stream >> 8), (byte) stream});
        out.writeBytes(payload);
    }

    static boolean await(Duration limit, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    private static void done(io.vertx.core.Future<?> future) {
        assertThat(future.toCompletionStage().toCompletableFuture()).succeedsWithin(LIMIT);
    }

    @Override
    public void close() {
        done(vertx.close());
    }
}
