package dev.chancery.boundary.connections;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Http2GuardTest {
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final AtomicInteger REQUESTS = new AtomicInteger();
    private static final Duration UNREAD = Duration.ofSeconds(2);
    private static final GuardedServer SERVER =
            new GuardedServer(GuardedServer.limits(1_000, 0, UNREAD), new HttpServerOptions(), request -> {
                REQUESTS.incrementAndGet();
                request.response().end(Buffer.buffer(new byte[100]));
            });

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static Socket begin(byte... settings) throws IOException {
        Socket socket = SERVER.connect();
        var out = new ByteArrayOutputStream();
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        GuardedServer.frame(out, SETTINGS, 0, 0, settings);
        socket.getOutputStream().write(out.toByteArray());
        return socket;
    }

    /** The types of the frames that come until the connection ends, or until there have been so many of one. */
    private static List<Integer> frames(Socket socket, int type, int enough) {
        List<Integer> types = new ArrayList<>();
        try {
            var in = new DataInputStream(socket.getInputStream());
            while (types.stream().filter(seen -> seen == type).count() < enough) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                types.add(in.readUnsignedByte());
                in.readFully(new byte[1 + 4 + length]);
            }
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("neither ended nor enough: " + types.size(), e);
        } catch (IOException e) {
            types.add(-1);
        }
        return types;
    }

    private static byte[] flood(int type, int count, int stream, byte... payload) {
        var out = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            GuardedServer.frame(out, type, 0, stream, payload);
        }
        return out.toByteArray();
    }

    /** PRIORITY, SETTINGS, PING, WINDOW_UPDATE, and a type that there isn't. */
    @ParameterizedTest
    @ValueSource(ints = {2, SETTINGS, PING, 8, 99})
    void framesThatCarryNoRequestAreCounted(int type) throws Exception {
        byte[] payload =
                switch (type) {
                    case 2 -> new byte[] {0, 0, 0, 0, 1};
                    case PING -> new byte[8];
                    case 8 -> new byte[] {0, 0, 0, 1};
                    default -> new byte[0];
                };
        try (Socket socket = begin()) {
            Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write(flood(type, 20_000, type == 2 ? 1 : 0, payload));
                } catch (IOException e) {
                    // closed, as it should be
                }
            });
            List<Integer> seen = frames(socket, GO_AWAY, 1);
            assertThat(seen.getLast()).isIn(GO_AWAY, -1);
            assertThat(seen.size()).isLessThan(3_000);
        }
    }

    @Test
    void aFewPingsAreAnswered() throws Exception {
        try (Socket socket = begin()) {
            socket.getOutputStream().write(flood(PING, 500, 0, new byte[8]));
            assertThat(frames(socket, PING, 500)).doesNotContain(GO_AWAY, -1);
        }
    }

    /** Until then the codec takes as many as come: a peer that acknowledges no settings had as many as it liked. */
    @Test
    void streamsAreCountedBeforeTheSettingsAreAcknowledged() throws Exception {
        int before = REQUESTS.get();
        try (var peer = new Http2Peer(SERVER.connect(), Http2Peer.NO_WINDOW)) {
            try {
                for (int call = 0; call < 5_000; call++) {
                    peer.get("/");
                }
            } catch (IOException e) {
                // had enough of it
            }
            assertThat(peer.isEnded()).isTrue();
        }
        assertThat(REQUESTS.get() - before)
                .isBetween(1, ConnectionLimits.defaults().streams());
    }

    /** However alive its peer is otherwise. */
    @Test
    void anAnswerThatIsGivenNoWindowEndsTheConnection() throws Exception {
        long begun = System.nanoTime();
        try (var peer = new Http2Peer(SERVER.connect(), Http2Peer.NO_WINDOW)) {
            peer.get("/");
            Thread pings = Thread.ofVirtual().start(() -> {
                try {
                    while (!Thread.interrupted()) {
                        peer.pings(1);
                        Thread.sleep(Duration.ofMillis(100));
                    }
                } catch (IOException | InterruptedException e) {
                    // over
                }
            });
            assertThat(peer.isEnded()).isTrue();
            pings.interrupt();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isBetween(UNREAD, UNREAD.multipliedBy(4));
    }
}
