package dev.chancery.boundary.connections;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Http1GuardTest {
    private static final int LARGE = 1 << 20;
    private static final AtomicInteger HANDLED = new AtomicInteger();
    private static final AtomicInteger AFTER_REFUSALS = new AtomicInteger();
    private static final GuardedServer SERVER = new GuardedServer(request -> {
        HANDLED.incrementAndGet();
        switch (request.path()) {
            case "/large" -> request.response().end(Buffer.buffer(new byte[LARGE]));
            case "/never" -> {}
            case "/next" -> AFTER_REFUSALS.incrementAndGet();
            default -> request.bodyHandler(body -> request.response().end(request.path() + "=" + body));
        }
    });

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /** What a proxy on the way could read differently (RFC 9112), and what can't be read: refused in words, and nothing after it is served. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /a HTTP/1.1\nHost: a\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n",
                "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n",
                "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: xchunked\n\n",
                "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n0\n\n",
                "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: chunked, identity\n\n0\n\n",
                "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: identity\n\n",
                "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: gzip\nTransfer-Encoding: chunked\n\n0\n\n",
                "POST /a HTTP/1.0\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n",
                "POST /a HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2\n\nab",
                "POST /a HTTP/1.1\nHost: a\nContent-Length: -1\n\n",
                "POST /a HTTP/1.1\nHost: a\nContent-Length: x\n\n",
                "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\nzz\n\n",
                "GET /a HTTP/1.1\nHost: a\nHost: b\n\n",
                "GET /a HTTP/1.1\nHost: a\nHost: a\n\n",
                "nonsense\n\n",
            })
    void aRequestThatCanBeReadInTwoWaysEndsTheConnection(String request) throws Exception {
        String answer = SERVER.exchange((request + "GET /next HTTP/1.1\nHost: a\n\n").replace("\n", "\r\n"));

        assertThat(answer)
                .startsWith("HTTP/1.1 400 ")
                .containsIgnoringCase("\r\nconnection: close\r\n")
                .containsIgnoringCase("\r\ncontent-type: application/problem+json\r\n")
                .contains("\"code\":\"request.malformed-head\"", "\"hint\":", "\"docsUrl\":", "\"requestId\":")
                .doesNotContain("/next=");
        assertThat(AFTER_REFUSALS).as("requests handled after a refusal").hasValue(0);
    }

    @ParameterizedTest
    @CsvSource({
        "/aaaaaaaa, 1000, '', 0, 414, request.line-too-long",
        "/a, 1, x-long-, 2000, 431, request.head-too-large"
    })
    void aHeadThatIsTooLargeIsRefusedInWords(
            String path, int paths, String header, int headers, int status, String code) throws Exception {
        String answer = SERVER.exchange(
                "GET " + path.repeat(paths) + " HTTP/1.1\r\nHost: a\r\nX: " + header.repeat(headers) + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains("\"code\":\"" + code + "\"");
    }

    /** A proxy that knows nothing of HTTP/2 would be tunnelled through. */
    @Test
    void anUpgradeToHttp2IsPassedOver() throws Exception {
        String answer = SERVER.exchange("GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
                + "GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        assertThat(answer)
                .startsWith("HTTP/1.1 200 ")
                .contains("/a=HTTP/1.1 200")
                .endsWith("/b=");
    }

    @Test
    void requestsThatComeTogetherAreAnsweredInTurn() throws Exception {
        var requests = new StringBuilder();
        var answers = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            requests.append("POST /")
                    .append(i)
                    .append(" HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nb")
                    .append(i % 10);
            answers.append('/').append(i).append("=b").append(i % 10).append(' ');
        }
        requests.append("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        String answer = SERVER.exchange(requests.toString());

        assertThat(answer.replaceAll("(?s)HTTP/1.1 200 .*?\r\n\r\n(/\\w+=(b\\d)?)", "$1 "))
                .isEqualTo(answers + "/last= ");
    }

    /** Neither what is asked nor what is answered piles up for somebody who doesn't read. */
    @Test
    void whoLeavesAnswersUnreadIsNotReadEither() throws Exception {
        int sent = 90;
        int most = 20; // what the kernel's buffers hold, and one in ours
        int before = HANDLED.get();
        try (Socket socket = SERVER.connect()) {
            socket.getOutputStream().write(get("/large").repeat(sent).getBytes(ISO_8859_1));
            boolean allHandled = GuardedServer.await(Duration.ofSeconds(1), () -> HANDLED.get() - before > most);
            assertThat(allHandled).isFalse();
            assertThat(HANDLED.get()).isGreaterThan(before);
            for (long left = (long) sent * LARGE; left > 0; ) {
                left -= socket.getInputStream().readNBytes(LARGE).length;
            }
            assertThat(HANDLED.get() - before).isEqualTo(sent);
        }
    }

    @Test
    void requestsThatWaitAreBounded() throws Exception {
        int before = HANDLED.get();
        try (Socket socket = SERVER.connect()) {
            socket.getOutputStream().write((get("/never").repeat(50)).getBytes(ISO_8859_1));
            assertThat(GuardedServer.await(GuardedServer.LIMIT, () -> HANDLED.get() > before))
                    .isTrue();
            // More than any buffer takes: either it is left unread, or the connection ends.
            var writer = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 1_000; i++) {
                        socket.getOutputStream()
                                .write(get("/never").repeat(1_000).getBytes(ISO_8859_1));
                    }
                } catch (IOException e) {
                    return;
                }
            });
            assertThat(writer.join(Duration.ofSeconds(2))).isFalse();
            assertThat(HANDLED.get()).isEqualTo(before + 1);
        }
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }
}
