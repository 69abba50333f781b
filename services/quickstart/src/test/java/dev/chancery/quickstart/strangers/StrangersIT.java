package dev.chancery.quickstart.strangers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.ContractMethod;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Callers without a token who hold what they can: connections, heads that don't end, answers that they don't read. Known callers and
 * new ones get in all the same. An instance of its own, with the heap of the quick start.
 */
class StrangersIT {
    private static final boolean FULL =
            System.getProperty("chancery.rounds", "quick").equals("full");
    private static final int CONNECTIONS = FULL ? 20_000 : 2_000;
    private static final int STREAMS = FULL ? 200_000 : 10_000;
    /** This process may have only so many descriptors itself; what is beyond, the server has closed long before. */
    private static final int HELD = 15_000;

    private static final int CALLS = FULL ? 200 : 20;
    private static final int ALLOWED_STREAMS = 100;
    private static final int FLOODERS = 8;
    private static final int HALF_OPEN_SIGN_INS = 300;
    private static final long LIMIT_MILLIS = 1_000;

    private static RunningInstance instance;
    private static SharedInstance world;
    private static Path temporary;

    @BeforeAll
    static void start() throws IOException {
        Path data = RunningInstance.newDirectory("strangers");
        temporary = Files.createTempDirectory(data.getParent(), "temporary");
        instance = RunningInstance.start(data, "-Djava.io.tmpdir=" + temporary);
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

    /** Tokens that the instance has issued and not seen. */
    private static List<Client> newcomers() {
        List<Client> signedIn = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            signedIn.add(world.signedIn(world.a.clientId(), world.a.key()));
        }
        return signedIn;
    }

    /** A read with a known token and one with a new one, in turn, each over a connection of its own. */
    private static void callersGetIn(String during, List<Client> newcomers) {
        ContractMethod list = world.method("chancery.rbac.v1.RbacService/ListRoles");
        List<Long> known = new ArrayList<>();
        List<Long> fresh = new ArrayList<>();
        for (Client newcomer : newcomers) {
            known.add(call(during, list, world.a));
            fresh.add(call(during, list, newcomer));
        }
        report(during, "known token", known);
        report(during, "new token", fresh);
        assertThat(instance.isAlive()).isTrue();
    }

    private static long call(String during, ContractMethod list, Client caller) {
        try (var wire = new RawClient(instance)) {
            long start = System.nanoTime();
            Reply reply = wire.rest(list, world.requests.example(list, caller), caller.headers());
            assertThat(reply.succeeded()).as("%s: %s", during, reply).isTrue();
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        }
    }

    private static void report(String during, String what, List<Long> millis) {
        millis.sort(null);
        long p50 = millis.get(millis.size() / 2);
        long p99 = millis.get(millis.size() * 99 / 100 - (FULL ? 0 : 1));
        System.out.printf("%s, %s: p50=%d p99=%d max=%d ms%n", during, what, p50, p99, millis.getLast());
        // A machine that builds other things besides has its pauses; the full run is for one that doesn't.
        assertThat(FULL ? p99 : p50).as("%s, %s", during, what).isLessThan(LIMIT_MILLIS);
    }

    @Test
    void connectionsWhoseHeadDoesNotEndPushEachOtherOut() throws Exception {
        List<Client> newcomers = newcomers();
        Deque<Socket> held = new ArrayDeque<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                Socket socket = connect();
                held.add(socket);
                if (held.size() > HELD) {
                    held.removeFirst().close();
                }
                socket.getOutputStream().write("GET / HTTP/1.1\r\nX-A: ".getBytes(US_ASCII));
            }
            callersGetIn(CONNECTIONS + " half-open connections", newcomers);
            assertThat(newcomers()).as("sign-ins").hasSize(CALLS);
            // The oldest is gone, so what the others hold is bounded.
            assertThat(held.getFirst().getInputStream().read()).isEqualTo(-1);
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
        assertThat(instance.logText()).doesNotContain("\"ERROR\"");
    }

    /** HTTP/2, prior knowledge, no settings acknowledged, a window of 0: no answer can be sent. A connection takes a hundred; there are others. */
    @Test
    void streamsWhoseAnswersAreNotReadAreBounded() throws Exception {
        List<Client> newcomers = newcomers();
        var sent = new AtomicInteger();
        Thread stranger = Thread.ofPlatform().start(() -> {
            List<Socket> held = new ArrayList<>();
            while (sent.get() < STREAMS) {
                unreadStreams(sent, held);
            }
            held.forEach(StrangersIT::close);
        });
        callersGetIn(STREAMS + " unread streams, on their way", newcomers);
        stranger.join();
        callersGetIn(STREAMS + " unread streams, sent", newcomers());
    }

    /** As many as a connection takes before it is closed; over every other one as many as it may have, and then no more. */
    private static void unreadStreams(AtomicInteger sent, List<Socket> held) {
        byte[] head = head("/.well-known/oauth-authorization-server");
        int most = held.size() % 2 == 0 ? Integer.MAX_VALUE : ALLOWED_STREAMS;
        try {
            Socket socket = connect();
            held.add(socket);
            var out = new ByteArrayOutputStream();
            out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
            frame(out, 4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});
            socket.getOutputStream().write(out.toByteArray());
            assertThat(maxConcurrentStreams(new DataInputStream(socket.getInputStream())))
                    .isEqualTo(ALLOWED_STREAMS);
            for (int stream = 0; stream < most && sent.getAndIncrement() < STREAMS; stream++) {
                var request = new ByteArrayOutputStream();
                frame(request, 1, 5, 2 * stream + 1, head);
                socket.getOutputStream().write(request.toByteArray());
            }
        } catch (IOException e) {
            // The server has had enough of this connection.
        }
    }

    /** JAX-RS, the contract's methods and health, over HTTP/2 as well. */
    @ParameterizedTest
    @ValueSource(strings = {"/oauth/jwks.json", "/.well-known/oauth-authorization-server", "/q/health"})
    void whatIsPublicIsServedOverHttp2(String path) throws IOException {
        try (Socket socket = connect()) {
            var out = new ByteArrayOutputStream();
            out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
            frame(out, 4, 0, 0, new byte[0]);
            frame(out, 1, 5, 1, head(path));
            socket.getOutputStream().write(out.toByteArray());
            var in = new DataInputStream(socket.getInputStream());
            int type;
            int flags;
            byte[] payload;
            do {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                type = in.readUnsignedByte();
                flags = in.readUnsignedByte();
                in.readInt();
                payload = in.readNBytes(length);
            } while (type != 1);
            int block = (flags & 0x20) == 0 ? 0 : 5; // after the priority
            assertThat(payload[block] & 255)
                    .as("the static table's entry for 200 (RFC 7541, appendix A)")
                    .isEqualTo(0x88);
        }
    }

    /** HTTP/1.1, requests one after the other, no answer read. */
    @Test
    void whoPipelinesAndDoesNotReadHoldsUpNobody() throws Exception {
        List<Client> newcomers = newcomers();
        byte[] requests = "GET /oauth/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
                .repeat(50)
                .getBytes(US_ASCII);
        List<Thread> strangers = new ArrayList<>();
        List<Socket> held = new ArrayList<>();
        for (int i = 0; i < FLOODERS; i++) {
            Socket socket = connect();
            held.add(socket);
            strangers.add(Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        socket.getOutputStream().write(requests);
                    }
                } catch (IOException e) {
                    // closed
                }
            }));
        }
        callersGetIn(FLOODERS + " connections that pipeline and don't read", newcomers);
        held.forEach(StrangersIT::close);
        for (Thread stranger : strangers) {
            stranger.join();
        }
    }

    @Test
    void signInsThatFloodKeepNobodyOutWhoHasAToken() throws Exception {
        List<Client> newcomers = newcomers();
        byte[] form = SharedInstance.tokenForm(world.assertion(world.a.clientId(), SigningKey.generate()))
                .getBytes(US_ASCII);
        var over = new AtomicBoolean();
        List<Thread> strangers = new ArrayList<>();
        List<Socket> held = new ArrayList<>();
        for (int i = 0; i < FLOODERS; i++) {
            strangers.add(Thread.ofVirtual().start(() -> {
                try (var wire = new RawClient(instance)) {
                    while (!over.get()) {
                        wire.http(
                                "POST",
                                "/oauth/token",
                                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                                form);
                    }
                }
            }));
        }
        for (int i = 0; i < HALF_OPEN_SIGN_INS; i++) {
            Socket socket = connect();
            held.add(socket);
            socket.getOutputStream()
                    .write("POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ngrant"
                            .getBytes(US_ASCII));
        }
        callersGetIn("sign-ins that flood", newcomers);
        over.set(true);
        for (Thread stranger : strangers) {
            stranger.join();
        }
        held.forEach(StrangersIT::close);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /people/Wilhelmina%20Vanderbilt/diagnosis HTTP/1.1\r\n\r\n",
                "GET /people/Wilhelmina%20Vanderbilt HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET /people/Wilhelmina%20Vanderbilt HTTP/1.1\r\nHost: a:b:c\r\n\r\n",
                "GET /people/%zzWilhelmina HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /people?a=%zzWilhelmina HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /people/Wilhelmina^ HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /people/Wilhelmina HTTP/1.1\r\nHost: localhost\r\nContent-Length: Wilhelmina\r\n\r\n",
                "GET /people/Wilhelmina HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Wilhelmina\r\n\r\n",
                "GET /people/Wilhelmina HTTP/1.1\r\nHost: localhost\r\nHost: Wilhelmina\r\n\r\n",
                "Wilhelmina\r\n\r\n",
                "GET Wilhelmina HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET http://Wilhelmina/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "CONNECT Wilhelmina:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
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

    /** A page whose host was made to resolve to this machine (DNS rebinding) names that host. */
    @ParameterizedTest
    @ValueSource(strings = {"attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example", "10.0.0.1"})
    void aRequestForAnotherHostIsRefused(String host) {
        try (var wire = new RawClient(instance)) {
            Reply reply = wire.raw(get("/oauth/jwks.json", host));
            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.code()).isEqualTo("request.wrong-host");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "localhost:8080", "app.localhost", "127.0.0.1", "127.1.2.3:1", "[::1]:8080"})
    void aRequestForThisMachineIsServed(String host) {
        try (var wire = new RawClient(instance)) {
            assertThat(wire.raw(get("/oauth/jwks.json", host)).status()).isEqualTo(200);
        }
    }

    private static byte[] get(String path, String host) {
        return ("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n").getBytes(US_ASCII);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /q/health, 200",
        "HEAD, /q/health, 200",
        "GET, /q/health/live, 200",
        "GET, /q/health/ready, 200",
        "GET, /q/health/started, 404",
        "GET, /q/health/well, 404",
        "GET, /q/health/group/x, 404",
        "GET, /q/healthy, 404",
        "PUT, /q/health, 404",
        "DELETE, /q/health/live, 404",
        "POST, /q/health/ready, 404"
    })
    void ofQuarkusOnlyHealthIsThereAndOnlyToBeRead(String verb, String path, int status) {
        try (var wire = new RawClient(instance)) {
            assertThat(wire.http(verb, path, Map.of(), new byte[0]).status()).isEqualTo(status);
        }
    }

    /** Which a path of a method does not do: there the verb is part of the name (BadInputInPathsIT). */
    @ParameterizedTest
    @CsvSource({
        "PUT, /oauth/jwks.json, 'GET, HEAD'",
        "OPTIONS, /oauth/jwks.json, 'GET, HEAD'",
        "POST, /.well-known/oauth-authorization-server, 'GET, HEAD'",
        "GET, /oauth/token, POST",
        "DELETE, /ledger/v1/checkpoint, 'GET, HEAD'",
        "PATCH, /ledger/v1/tile/0/000, 'GET, HEAD'"
    })
    void aStandardEndpointSaysWhichVerbsItHas(String verb, String path, String allow) {
        try (var wire = new RawClient(instance)) {
            Reply reply = wire.http(verb, path, Map.of(), new byte[0]);
            assertThat(reply.status()).as("%s", reply).isEqualTo(405);
            assertThat(reply.code()).isEqualTo("request.other-verb");
            assertThat(reply.header("allow")).isEqualTo(allow);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/oauth/jwks.json", "/.well-known/oauth-authorization-server"})
    void whatIsPublicToGetIsThereToHead(String path) {
        try (var wire = new RawClient(instance)) {
            Reply got = wire.http("GET", path, Map.of(), new byte[0]);
            Reply head = wire.http("HEAD", path, Map.of(), new byte[0]);
            assertThat(head.status()).as("%s", head).isEqualTo(200);
            assertThat(head.body()).isEmpty();
            assertThat(head.header("content-type")).isEqualTo(got.header("content-type"));
            assertThat(head.header("cache-control")).isEqualTo(got.header("cache-control"));
        }
    }

    @Test
    void nothingIsUnpackedWhereOthersCanWrite() throws IOException {
        try (var entries = Files.list(temporary)) {
            assertThat(entries)
                    .noneMatch(entry -> entry.getFileName().toString().contains("vertx"));
        }
    }
}
