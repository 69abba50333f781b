package dev.chancery.boundary.connections;

import static dev.chancery.boundary.connections.Http2Peer.NO_WINDOW;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What answers hold on all connections together is bounded, and those go that leave most unread for longest. */
class UnreadAnswersTest {
    private static final long TOTAL = 16L << 20;
    /** As many as Quarkus is told to take. */
    private static final int STREAMS = 100;

    private static final AtomicInteger OPEN = new AtomicInteger();
    private static final ConcurrentLinkedQueue<HttpServerRequest> LATER = new ConcurrentLinkedQueue<>();
    private static final GuardedServer SERVER =
            new GuardedServer(GuardedServer.limits(1_000, TOTAL, Duration.ofSeconds(20)), options(), request -> {
                if (request.version() == HttpVersion.HTTP_2) {
                    OPEN.incrementAndGet();
                    request.response().closeHandler(closed -> OPEN.decrementAndGet());
                }
                if (request.path().equals("/later")) {
                    LATER.add(request);
                } else {
                    request.response()
                            .end(Buffer.buffer(
                                    new byte[Integer.parseInt(request.path().substring(1))]));
                }
            });

    private final List<Http2Peer> strangers = new ArrayList<>();

    private static HttpServerOptions options() {
        var options = new HttpServerOptions();
        options.setSendBufferSize(64 << 10);
        options.getInitialSettings().setMaxConcurrentStreams(STREAMS);
        return options;
    }

    @AfterEach
    void strangersLeave() throws IOException {
        for (Http2Peer stranger : strangers) {
            stranger.close();
        }
        assertThat(GuardedServer.await(GuardedServer.LIMIT, () -> OPEN.get() == 0))
                .as("%d of all calls are still held", OPEN.get())
                .isTrue();
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /** Asks for an answer on every stream of a new connection, and takes none. */
    private void strangerAsks(String path) throws IOException {
        var stranger = new Http2Peer(SERVER.connect(), NO_WINDOW);
        strangers.add(stranger);
        try {
            for (int call = 0; call < STREAMS; call++) {
                stranger.get(path);
            }
        } catch (IOException e) {
            // ended
        }
    }

    /** Small ones, of which the streams weigh most, and large ones. */
    @ParameterizedTest
    @ValueSource(ints = {100, 200_000})
    void whatStandsUnreadIsBoundedOverAllConnections(int size) throws Exception {
        for (int connection = 0; connection < 40; connection++) {
            strangerAsks("/" + size);
            try (var reader = new Http2Peer(SERVER.connect())) {
                assertThat(reader.read(reader.get("/1000"))).isEqualTo(1000);
            }
        }
        long most = TOTAL / (UnreadAnswers.STREAM_BYTES + size);
        assertThat(GuardedServer.await(GuardedServer.LIMIT, () -> OPEN.get() <= most))
                .as("%d answers stand", OPEN.get())
                .isTrue();
    }

    /** Whoever waits for us, or reads, stays, over either version. */
    @Test
    void whoTakesItsAnswersStays() throws Exception {
        try (var patient = new Http2Peer(SERVER.connect());
                Socket patientToo = SERVER.connect()) {
            int stream = patient.get("/later");
            patientToo
                    .getOutputStream()
                    .write("GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
            assertThat(GuardedServer.await(GuardedServer.LIMIT, () -> LATER.size() == 2))
                    .isTrue();
            for (int connection = 0; connection < 40; connection++) {
                strangerAsks("/100");
            }
            LATER.forEach(request -> request.response().end(Buffer.buffer(new byte[100_000])));
            LATER.clear();
            assertThat(patient.read(stream)).isEqualTo(100_000);
            assertThat(patientToo.getInputStream().readAllBytes().length).isGreaterThan(100_000);
        }
    }

    /** Whoever takes its time with all that it asked for: what it asked meanwhile stays in the kernel's buffers, and with it. */
    @Test
    void whoReadsLateIsNotReadMeanwhile() throws Exception {
        try (var late = new Http2Peer(SERVER.connect(), Http2Peer.ALL_WINDOW)) {
            late.takesAll();
            int last = 0;
            for (int call = 0; call < STREAMS - 10; call++) {
                last = late.get("/100000", 10);
            }
            assertThat(GuardedServer.await(Duration.ofSeconds(1), () -> OPEN.get() > STREAMS / 2))
                    .as("taken in: %d", OPEN.get())
                    .isFalse();
            assertThat(late.read(last)).isEqualTo(100_000);
        }
    }

    /** What was held and is no more counts no more, however it came to its end: read, given up, or with its connection. */
    @Test
    void whatIsNotHeldAnyMoreIsNotCounted() throws Exception {
        for (int round = 0; round < 30; round++) {
            try (var reader = new Http2Peer(SERVER.connect());
                    var leaver = new Http2Peer(SERVER.connect(), NO_WINDOW);
                    var quitter = new Http2Peer(SERVER.connect(), NO_WINDOW)) {
                int left = 0;
                int given = 0;
                for (int call = 0; call < 20; call++) {
                    assertThat(reader.read(reader.get("/10000"))).isEqualTo(10_000);
                    left = leaver.get("/10000");
                    given = quitter.get("/10000");
                    quitter.reset(given);
                }
                assertThat(leaver.began(left)).isTrue();
            }
        }
        try (var stranger = new Http2Peer(SERVER.connect(), NO_WINDOW)) {
            int last = 0;
            for (int call = 0; call < STREAMS; call++) {
                last = stranger.get("/" + (TOTAL / STREAMS - 2 * UnreadAnswers.STREAM_BYTES));
            }
            assertThat(stranger.began(last)).isTrue();
            assertThat(GuardedServer.await(Duration.ofMillis(500), () -> OPEN.get() < STREAMS))
                    .as("ended though all of it may stand")
                    .isFalse();
        }
    }
}
