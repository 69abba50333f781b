package dev.chancery.boundary.connections;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many connections there may be, and which goes for the next one. */
class ConnectionsTest {
    private static final int MAX = 40;
    private static final GuardedServer SERVER = new GuardedServer(
            GuardedServer.limits(MAX, 0, Duration.ofSeconds(20)),
            new HttpServerOptions(),
            request -> request.response().putHeader("x", "a".repeat(200)).end("here"));

    private final List<Socket> held = new ArrayList<>();

    @AfterEach
    void leave() throws IOException {
        for (Socket socket : held) {
            socket.close();
        }
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private Socket open(String sent) throws IOException {
        Socket socket = SERVER.connect();
        held.add(socket);
        socket.getOutputStream().write(sent.getBytes(US_ASCII));
        return socket;
    }

    private void answered() throws IOException {
        Socket socket = open("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(socket.getInputStream().read()).isEqualTo('H');
    }

    private static boolean isServed(Socket socket) {
        try {
            socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
            return socket.getInputStream().read() == 'H';
        } catch (IOException e) {
            return false;
        }
    }

    /** Otherwise whoever holds all places, with an answer on each, lets nobody in: the newcomer would go for the next newcomer. */
    @Test
    void aNewcomerOutlivesTheNextOnesWhereAllOthersHaveHadAnAnswer() throws IOException {
        for (int connection = 0; connection < MAX; connection++) {
            answered();
        }
        Socket newcomer = open("");
        for (int connection = 0; connection < MAX / 5; connection++) {
            open("");
        }
        assertThat(isServed(newcomer)).isTrue();
    }

    @Test
    void whoHasHadAnAnswerStaysHoweverManyComeWithoutARequest() throws IOException {
        Socket known = open("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(known.getInputStream().readNBytes(4)).isEqualTo("HTTP".getBytes(US_ASCII));
        known.getInputStream().skipNBytes(known.getInputStream().available());
        Socket first = open("");
        for (int connection = 0; connection < 3 * MAX; connection++) {
            open("");
        }
        assertThat(isServed(first)).isFalse();
        known.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(US_ASCII));
        assertThat(new String(known.getInputStream().readAllBytes(), US_ASCII)).endsWith("here");
    }
}
