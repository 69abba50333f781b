package dev.chancery.boundary.connections;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each limit of one connection by itself, with the others as they are otherwise. */
class ConnectionLimitsTest {
    private static final ConnectionLimits USUAL = ConnectionLimits.defaults();
    private static final Duration SHORT = Duration.ofMillis(500);
    /** More than the kernel takes for a peer that doesn't read. */
    private static final int LARGE = 24 << 20;

    private GuardedServer server;

    private GuardedServer with(Duration firstAnswer, Duration unread, long unreadBytes, Duration idle, int pipelined) {
        server = new GuardedServer(
                new ConnectionLimits(
                        USUAL.connections(),
                        firstAnswer,
                        unread,
                        unreadBytes,
                        1L << 30,
                        idle,
                        USUAL.streams(),
                        pipelined,
                        USUAL.controlFrames(),
                        USUAL.controlWindow()),
                new HttpServerOptions(),
                request -> {
                    if (request.path().equals("/large")) {
                        request.response().end(Buffer.buffer(new byte[LARGE]));
                    } else if (!request.path().equals("/never")) {
                        request.response().putHeader("x", "a".repeat(200)).end();
                    }
                });
        return server;
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private static void ask(Socket socket, String path, int times) throws IOException {
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
                        .repeat(times)
                        .getBytes(ISO_8859_1));
    }

    /** Whether the server ends the connection soon, whatever it has sent by then. */
    private static boolean isEnded(Socket socket) throws IOException {
        socket.setSoTimeout(15_000);
        try {
            socket.getInputStream().readAllBytes();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void whoAsksNothingGoes() throws Exception {
        try (Socket socket = with(SHORT, Duration.ofSeconds(2), USUAL.unreadBytes(), USUAL.idle(), 100)
                .connect()) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\nX: ".getBytes(ISO_8859_1));
            assertThat(isEnded(socket)).isTrue();
        }
    }

    @Test
    void whoHasHadAnAnswerAndKeepsSilentGoes() throws Exception {
        try (Socket socket = with(USUAL.firstAnswer(), Duration.ofSeconds(2), USUAL.unreadBytes(), SHORT, 100)
                .connect()) {
            ask(socket, "/", 1);
            assertThat(isEnded(socket)).isTrue();
        }
    }

    /** It has been ended while nothing was read: what comes then is less than the answer. */
    @Test
    void whoTakesNothingOfAnAnswerGoes() throws Exception {
        assertThat(bytesAfter(with(USUAL.firstAnswer(), SHORT, 1L << 30, USUAL.idle(), 100), Duration.ofSeconds(3)))
                .isLessThan(LARGE);
    }

    /** Long before the time is over for what {@link #whoReadsSlowlyGetsItAll} gets. */
    @Test
    void moreUnreadThanMayWaitEndsTheConnection() throws Exception {
        assertThat(bytesAfter(
                        with(USUAL.firstAnswer(), USUAL.unread(), 1 << 20, USUAL.idle(), 100), Duration.ofSeconds(2)))
                .isLessThan(LARGE);
    }

    @Test
    void whoReadsSlowlyGetsItAll() throws Exception {
        assertThat(bytesAfter(
                        with(USUAL.firstAnswer(), USUAL.unread(), 1L << 30, USUAL.idle(), 100), Duration.ofSeconds(2)))
                .isGreaterThan(LARGE);
    }

    private static long bytesAfter(GuardedServer server, Duration pause) throws Exception {
        try (Socket socket = server.connect()) {
            ask(socket, "/large", 1);
            Thread.sleep(pause); // what is tried is that nothing is read meanwhile
            socket.setSoTimeout(15_000);
            long bytes = 0;
            byte[] part = new byte[1 << 16];
            try {
                for (int read;
                        bytes < LARGE + 1 && (read = socket.getInputStream().read(part)) >= 0; ) {
                    bytes += read;
                }
            } catch (IOException e) {
                // ended by the server with something unread
            }
            return bytes;
        }
    }

    @Test
    void moreRequestsThanMayWaitEndTheConnection() throws Exception {
        try (Socket socket = with(USUAL.firstAnswer(), USUAL.unread(), USUAL.unreadBytes(), USUAL.idle(), 10)
                .connect()) {
            ask(socket, "/never", 50);
            assertThat(isEnded(socket)).isTrue();
        }
    }

    @Test
    void noLimitLetsNobodyIn() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> with(Duration.ZERO, USUAL.unread(), USUAL.unreadBytes(), USUAL.idle(), 100))
                .withMessageContaining("first-answer");
    }
}
