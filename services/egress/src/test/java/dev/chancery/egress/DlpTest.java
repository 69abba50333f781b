package dev.chancery.egress;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.schema.proxy.v1.DataBlocked;
import dev.chancery.schema.proxy.v1.DataSeen;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What requests in clear carry, through the proxy to a host that keeps each byte it gets. */
class DlpTest {
    private static final String HOST = ProxyFixture.HOST;
    private static final String CARD = "4111111111111111";
    private static final String END = "0\r\n\r\n";

    @TempDir
    Path directory;

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private ProxyFixture proxy;
    private ServerSocket origin;
    /** What one connection brought, its head included. */
    private final BlockingQueue<String> got = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() throws Exception {
        Metrics.addRegistry(metrics);
        proxy = new ProxyFixture(directory);
        origin = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        Thread.ofVirtual().start(this::serve);
        proxy.names.put(HOST, "127.0.0.1");
        proxy.allow("http://" + HOST + ":" + origin.getLocalPort());
    }

    @AfterEach
    void stop() throws Exception {
        Metrics.removeRegistry(metrics);
        origin.close();
        proxy.close();
    }

    private void serve() {
        try {
            while (true) {
                Socket socket = origin.accept();
                Thread.ofVirtual().start(() -> take(socket));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    /** Answers a request that is whole. */
    private void take(Socket socket) {
        var bytes = new ByteArrayOutputStream();
        try (socket) {
            InputStream in = socket.getInputStream();
            byte[] some = new byte[65_536];
            for (int read = in.read(some); read >= 0; read = in.read(some)) {
                bytes.write(some, 0, read);
                if (isWhole(bytes.toString(ISO_8859_1))) {
                    socket.getOutputStream().write(Origin.ok("taken").getBytes(ISO_8859_1));
                    break;
                }
            }
        } catch (IOException e) {
            // Reset: not whole.
        } finally {
            got.add(bytes.toString(ISO_8859_1));
        }
    }

    private static boolean isWhole(String sent) {
        int end = sent.indexOf("\r\n\r\n") + 4;
        if (end < 4) {
            return false;
        }
        String head = sent.substring(0, end);
        var length = java.util.regex.Pattern.compile("Content-Length: ([0-9]+)").matcher(head);
        return length.find()
                ? sent.length() - end >= Integer.parseInt(length.group(1))
                : !head.contains("chunked") || sent.endsWith("\r\n" + END);
    }

    private String atTheHost() throws InterruptedException {
        String sent = got.poll(20, TimeUnit.SECONDS);
        assertThat(sent).isNotNull();
        return sent;
    }

    private String url(String path) {
        return "http://" + HOST + ":" + origin.getLocalPort() + path;
    }

    private String head(String path, String fields) {
        return "POST " + url(path) + " HTTP/1.1\r\nHost: " + HOST + ":" + origin.getLocalPort() + "\r\n"
                + ProxyFixture.credentials() + fields + "\r\n";
    }

    private String post(String fields, byte[] body) throws IOException {
        return proxy.sent(
                head("/in", fields + "Content-Length: " + body.length + "\r\n") + new String(body, ISO_8859_1));
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        var out = new ByteArrayOutputStream();
        try (OutputStream packed = new GZIPOutputStream(out)) {
            packed.write(bytes);
        }
        return out.toByteArray();
    }

    private long blocked() {
        return proxy.records(DataBlocked.getDescriptor().getFullName());
    }

    private long seen() {
        return proxy.records(DataSeen.getDescriptor().getFullName());
    }

    private static void isBlocked(String answer, String kind) {
        assertThat(answer)
                .startsWith("HTTP/1.1 403 ")
                .contains(
                        "\"code\":\"proxy.data-blocked\"",
                        "\"host\":\"" + HOST + "\"",
                        "\"reason\":\"" + kind + "\"",
                        "SetDlpPolicy")
                .doesNotContain(CARD);
    }

    @Test
    void aCardIsNotPassedOnAndTheAnswerTellsHostCodeAndFix() throws Exception {
        isBlocked(post("", ("{\"pan\": \"" + CARD + "\"}").getBytes(UTF_8)), "card");
        assertThat(atTheHost()).startsWith("POST /in HTTP/1.1").endsWith("\r\n\r\n");
        assertThat(blocked()).isEqualTo(1);
        assertThat(metrics.get("chancery.dlp.findings")
                        .tags("sink", "proxy", "kind", "card", "outcome", "blocked")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(proxy.texts(DataBlocked.getDescriptor().getFullName()))
                .singleElement()
                .satisfies(record -> assertThat(record).contains("card", HOST).doesNotContain(CARD));
    }

    @Test
    void aValueThatSpansTwoChunksIsFound() throws Exception {
        String answer = proxy.sent(
                head("/in", "Transfer-Encoding: chunked\r\n") + chunk("a 4111 1111") + chunk(" 1111 1111 b") + END);
        isBlocked(answer, "card");
        assertThat(atTheHost()).endsWith("\r\n\r\n");
    }

    /** Of a long body the beginning has gone out; the value, and the end that would make the request whole, have not. */
    @Test
    void ofALongBodyNoPartOfTheValueGoesOut() throws Exception {
        String filler = "lorem ipsum dolor sit amet ".repeat(8_000);
        for (int shift : List.of(0, 1, 4_095, 8_191, 16_383)) {
            String answer = proxy.sent(head("/in", "Transfer-Encoding: chunked\r\n")
                    + chunk(filler.substring(shift) + CARD.substring(0, 9))
                    + chunk(CARD.substring(9) + " " + filler.substring(0, 30_000))
                    + END);
            isBlocked(answer, "card");
            assertThat(atTheHost()).contains("lorem").doesNotContain("4111").doesNotEndWith(END);
        }
    }

    @Test
    void whatIsAllowedWithAnAlertGoesOutAndIsCounted() throws Exception {
        assertThat(post("", "ada@example.org, bob@example.org, eve@example.org".getBytes(UTF_8)))
                .endsWith("taken");
        assertThat(atTheHost()).endsWith("ada@example.org, bob@example.org, eve@example.org");
        assertThat(seen()).isEqualTo(1);
        assertThat(blocked()).isZero();
        assertThat(proxy.texts(DataSeen.getDescriptor().getFullName()))
                .singleElement()
                .satisfies(record -> assertThat(record).contains("mail").doesNotContain("ada@"));
        assertThat(metrics.get("chancery.dlp.findings")
                        .tags("sink", "proxy", "kind", "mail", "outcome", "alerted")
                        .counter()
                        .count())
                .isEqualTo(3);
    }

    @Test
    void theWorkspaceSaysWhatIsBlocked() throws Exception {
        proxy.dlp(List.of("mail"), List.of());
        isBlocked(post("", "ada@example.org".getBytes(UTF_8)), "mail");
        assertThat(atTheHost()).doesNotContain("ada@");
        assertThat(post("", CARD.getBytes(UTF_8))).endsWith("taken");
        assertThat(atTheHost()).endsWith(CARD);
        proxy.dlp(List.of(), List.of());
        assertThat(post("", "ada@example.org".getBytes(UTF_8))).endsWith("taken");
        assertThat(seen()).isZero();
    }

    @Test
    void whatIsPackedIsReadToo() throws Exception {
        byte[] text = ("x".repeat(40_000) + " " + CARD + " ").getBytes(UTF_8);
        isKeptIn("gzip", gzip(text));
        isKeptIn("gzip, gzip", gzip(gzip(text)));
        var two = new ByteArrayOutputStream();
        two.write(gzip("first".getBytes(UTF_8)));
        two.write(gzip(text));
        isKeptIn("gzip", two.toByteArray());
        for (boolean withoutHeader : List.of(true, false)) {
            var out = new ByteArrayOutputStream();
            try (var deflater = new java.util.zip.Deflater(9, withoutHeader);
                    var packed = new DeflaterOutputStream(out, deflater)) {
                packed.write(text);
            }
            isKeptIn("deflate", out.toByteArray());
        }
    }

    /** A gzip file may have several parts, and the next one may come when the one before is over. */
    @Test
    void aPartOfAPackedBodyThatComesLaterIsReadToo() throws Exception {
        String answer = proxy.sent(head("/in", "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n")
                + chunk(new String(gzip("first".getBytes(UTF_8)), ISO_8859_1))
                + chunk(new String(gzip((" " + CARD + " ").getBytes(UTF_8)), ISO_8859_1))
                + END);
        isBlocked(answer, "card");
        assertThat(atTheHost()).doesNotEndWith(END);
    }

    private void isKeptIn(String coding, byte[] body) throws Exception {
        isBlocked(post("Content-Encoding: " + coding + "\r\n", body), "card");
        // What unpacks to the filler may have gone out, and not the end.
        assertThat(atTheHost().length()).isLessThan(400 + body.length);
    }

    @Test
    void formsQueriesAndOtherCharsetsAreReadAsTheirHostReadsThem() throws Exception {
        proxy.dlp(List.of("mail"), List.of());
        String form = "Content-Type: application/x-www-form-urlencoded\r\n";
        isBlocked(post(form, "a=b&m=ada%40example.org&c=d".getBytes(UTF_8)), "mail");
        isBlocked(proxy.get(url("/in?m=ada%40example.org"), HOST + ":" + origin.getLocalPort()), "mail");
        isBlocked(
                post(
                        "Content-Type: text/plain; charset=UTF-16\r\n",
                        "ada@example.org".getBytes(java.nio.charset.StandardCharsets.UTF_16)),
                "mail");
    }

    @Test
    void whatCantBeReadSaysSo() throws Exception {
        byte[] bomb = gzip(new byte[20_000_000]);
        byte[] cut = gzip("some text that is packed".getBytes(UTF_8));
        cut = java.util.Arrays.copyOf(cut, cut.length - 12);
        byte[] text = "text".getBytes(UTF_8);
        var bodies = new ArrayList<byte[]>(List.of(bomb, cut, text, text, text));
        List<String> fields = List.of(
                "Content-Encoding: gzip\r\n",
                "Content-Encoding: gzip\r\n",
                "Content-Encoding: gzip\r\n",
                "Content-Encoding: br\r\n",
                "Content-Type: text/plain; charset=klingon\r\n");
        for (int i = 0; i < fields.size(); i++) {
            assertThat(post(fields.get(i), bodies.get(i))).as("%s", i).endsWith("taken");
            assertThat(atTheHost()).as("%s", i).endsWith(new String(bodies.get(i), ISO_8859_1));
        }
        assertThat(metrics.get("chancery.dlp.findings")
                        .tags("sink", "proxy", "kind", "unreadable", "outcome", "alerted")
                        .counter()
                        .count())
                .isEqualTo(5);

        proxy.dlp(List.of("unreadable"), List.of());
        for (int i = 0; i < fields.size(); i++) {
            isBlocked(post(fields.get(i), bodies.get(i)), "unreadable");
        }
    }

    /** Whatever it is packed in, however it is cut, and however slowly it comes: what goes out is what came in. */
    @Test
    void whatHoldsNothingGoesOutByteByByteAsItCame() throws Exception {
        var random = new Random(7);
        for (int round = 0; round < 12; round++) {
            byte[] bytes = new byte[random.nextInt(300_000)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (random.nextInt(8) == 0 ? ' ' : 'g' + random.nextInt(10));
            }
            boolean packed = round % 2 == 0;
            String body = new String(packed ? gzip(bytes) : bytes, ISO_8859_1);
            var sent = new StringBuilder(
                    head("/in", "Transfer-Encoding: chunked\r\n" + (packed ? "Content-Encoding: gzip\r\n" : "")));
            for (int from = 0; from < body.length(); ) {
                int to = Math.min(body.length(), from + 1 + random.nextInt(40_000));
                sent.append(chunk(body.substring(from, to)));
                from = to;
            }
            assertThat(proxy.sent(sent.append(END).toString())).endsWith("taken");
            assertThat(unchunked(atTheHost())).isEqualTo(body);
        }
    }

    private static String unchunked(String sent) {
        int at = sent.indexOf("\r\n\r\n") + 4;
        var body = new StringBuilder();
        while (true) {
            int line = sent.indexOf("\r\n", at);
            int size = Integer.parseInt(sent.substring(at, line), 16);
            if (size == 0) {
                return body.toString();
            }
            body.append(sent, line + 2, line + 2 + size);
            at = line + 2 + size + 2;
        }
    }

    /** A host that begins to answer before the body is over gets no more of it than the client may send. */
    @Test
    void aBodyIsCutThoughTheAnswerHasBegun() throws Exception {
        try (var early = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            proxy.allow("http://" + HOST + ":" + early.getLocalPort());
            try (Socket client = proxy.dialled()) {
                client.getOutputStream()
                        .write(("POST http://" + HOST + ":" + early.getLocalPort() + "/ HTTP/1.1\r\nHost: " + HOST + ":"
                                        + early.getLocalPort() + "\r\n" + ProxyFixture.credentials()
                                        + "Transfer-Encoding: chunked\r\n\r\n")
                                .getBytes(ISO_8859_1));
                try (Socket accepted = early.accept()) {
                    accepted.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\nbegun".getBytes(ISO_8859_1));
                    var answer = new StringBuilder();
                    while (!answer.toString().endsWith("begun")) {
                        answer.append((char) client.getInputStream().read());
                    }
                    client.getOutputStream().write((chunk(CARD) + END).getBytes(ISO_8859_1));
                    accepted.setSoTimeout((int) Duration.ofSeconds(20).toMillis());
                    var rest = new ByteArrayOutputStream();
                    try {
                        accepted.getInputStream().transferTo(rest);
                    } catch (IOException e) {
                        // Reset.
                    }
                    assertThat(rest.toString(ISO_8859_1)).endsWith("\r\n\r\n").doesNotContain("4111");
                }
            }
        }
        assertThat(blocked()).isEqualTo(1);
    }
}
