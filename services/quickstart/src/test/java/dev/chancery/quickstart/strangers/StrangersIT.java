package dev.chancery.quickstart.strangers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Callers without a token who hold what they can: connections, heads that don't end, answers that they don't read. Known callers and
 * new ones get in all the same. An instance of its own, with the heap of the quick start.
 */
class StrangersIT {
    private static final boolean FULL =
            System.getProperty("chancery.rounds", "quick").equals("full");
    private static final int CONNECTIONS = FULL ? 20_000 : 3_000;
    private static final int STREAMS = FULL ? 200_000 : 20_000;
    private static final int CALLS = 20;

    private static RunningInstance instance;
    private static SharedInstance world;

    @BeforeAll
    static void start() {
        instance = RunningInstance.start(RunningInstance.newDirectory("strangers"));
        world = SharedInstance.on(instance);
    }

    @AfterAll
    static void stop() {
        world.close();
        instance.close();
    }

    private static Socket connect() throws IOException {
        URI base = URI.create(instance.http());
        var socket = new Socket(base.getHost(), base.getPort());
        socket.setSoTimeout(10_000);
        return socket;
    }

    /** A known caller's read and a new caller's sign-in, each over a connection of its own. */
    private static void callersGetIn(String during) {
        ContractMethod list = world.method("chancery.rbac.v1.RbacService/ListRoles");
        List<Long> millis = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            try (var wire = new RawClient(instance)) {
                long start = System.nanoTime();
                Reply known = wire.rest(list, world.example(list, world.a), world.headers(world.a));
                assertThat(known.succeeded()).as("%s: %s", during, known).isTrue();
                String form = SharedInstance.tokenForm(world.assertion(world.a.clientId(), world.a.key()));
                Reply signedIn = wire.http(
                        "POST",
                        "/oauth/token",
                        Map.of("Content-Type", "application/x-www-form-urlencoded"),
                        form.getBytes(US_ASCII));
                assertThat(signedIn.succeeded()).as("%s: %s", during, signedIn).isTrue();
                SharedInstance.secret(signedIn.json().getString("access_token"));
                millis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
            }
        }
        millis.sort(null);
        System.out.printf("%s: two calls p50=%d max=%d ms%n", during, millis.get(CALLS / 2), millis.getLast());
        assertThat(instance.isAlive()).isTrue();
    }

    @Test
    void connectionsWhoseHeadDoesNotEndPushEachOtherOut() throws Exception {
        List<Socket> held = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                Socket socket = connect();
                held.add(socket);
                socket.getOutputStream().write("GET / HTTP/1.1\r\nX-A: ".getBytes(US_ASCII));
            }
            callersGetIn(CONNECTIONS + " half-open connections");
            // The oldest is gone, so what the others hold is bounded.
            assertThat(held.getFirst().getInputStream().read()).isEqualTo(-1);
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
        assertThat(instance.logText()).doesNotContain("\"ERROR\"");
    }

    /** HTTP/2, prior knowledge, a window of 0: no answer can be sent. */
    @Test
    void streamsWhoseAnswersAreNotReadAreRefusedBeyondAHundred() throws Exception {
        try (Socket socket = connect()) {
            var out = new ByteArrayOutputStream();
            out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
            frame(out, 4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});
            socket.getOutputStream().write(out.toByteArray());
            var in = new DataInputStream(socket.getInputStream());
            assertThat(maxConcurrentStreams(in)).isEqualTo(100);
            Thread reader = Thread.ofVirtual().start(() -> drain(in));
            byte[] head = head("/.well-known/oauth-authorization-server");
            try {
                for (int stream = 0; stream < STREAMS; stream++) {
                    var request = new ByteArrayOutputStream();
                    frame(request, 1, 5, 2 * stream + 1, head);
                    socket.getOutputStream().write(request.toByteArray());
                }
            } catch (SocketException e) {
                // The server has had enough of this connection.
            }
            callersGetIn(STREAMS + " unread streams");
            socket.close();
            reader.join();
        }
    }

    private static void drain(DataInputStream in) {
        try {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        } catch (IOException e) {
            // closed
        }
    }

    private static void frame(ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
        int length = payload.length;
        out.writeBytes(new byte[] {
            (byte) (length >> 16),
            (byte) (length >> 8),
            (byte) length,
            (byte) type,
            (byte) flags,
            (byte) (stream >> 24),
            (byte) (stream >> 16),
            (byte) (stream >> 8),
            (byte) stream
        });
        out.writeBytes(payload);
    }

    /** GET, http, and path and authority as literals without indexing (RFC 7541). */
    private static byte[] head(String path) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x82, (byte) 0x86, 4, (byte) path.length()});
        out.writeBytes(path.getBytes(US_ASCII));
        out.writeBytes(new byte[] {1, 9});
        out.writeBytes("127.0.0.1".getBytes(US_ASCII));
        return out.toByteArray();
    }

    /** From the server's SETTINGS. */
    private static long maxConcurrentStreams(DataInputStream in) throws IOException {
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            in.readInt();
            byte[] payload = new byte[length];
            in.readFully(payload);
            if (type == 4 && (flags & 1) == 0) {
                for (int i = 0; i + 6 <= length; i += 6) {
                    if (payload[i + 1] == 3) {
                        return (payload[i + 2] & 255L) << 24
                                | (payload[i + 3] & 255) << 16
                                | (payload[i + 4] & 255) << 8
                                | payload[i + 5] & 255;
                    }
                }
                throw new EOFException("no MAX_CONCURRENT_STREAMS");
            }
        }
    }

    /** These never reach a route: the answer is a bare 400. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /people/%zzWilhelmina HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /people?a=%zzWilhelmina HTTP/1.1\r\nHost: a\r\n\r\n"
            })
    void aBrokenEscapeIsRefusedAndNotLogged(String request) {
        try (var wire = new RawClient(instance)) {
            assertThat(wire.raw(request.getBytes(ISO_8859_1)).status()).isEqualTo(400);
        }
        assertThat(instance.logText()).doesNotContain("Wilhelmina").doesNotContain("\"ERROR\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /people/Wilhelmina%20Vanderbilt/diagnosis HTTP/1.1\r\n\r\n",
                "GET /people/Wilhelmina%20Vanderbilt HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET /people/Wilhelmina%20Vanderbilt HTTP/1.1\r\nHost: a:b:c\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                "CONNECT Wilhelmina:443 HTTP/1.1\r\nHost: a\r\n\r\n",
            })
    void aHeadThatCannotBeReadIsRefusedInWordsAndNotLogged(String request) {
        try (var wire = new RawClient(instance)) {
            Reply reply = wire.raw(request.getBytes(ISO_8859_1));
            assertThat(reply.status()).as("%s", reply).isBetween(400, 404);
            assertThat(reply.header("content-type")).as("%s", reply).isEqualTo("application/problem+json");
            assertThat(reply.json().fieldNames()).contains("code", "message", "hint", "docsUrl", "requestId");
        }
        assertThat(instance.logText()).doesNotContain("Wilhelmina").doesNotContain("\"ERROR\"");
    }
}
