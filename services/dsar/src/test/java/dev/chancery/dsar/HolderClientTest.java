package dev.chancery.dsar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.chancery.decision.ListedHosts;
import dev.chancery.dsar.Holders.Holder;
import dev.chancery.feature.HolderOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.keyring.WebhookSignature;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.HolderRegistered;
import dev.chancery.schema.egress.v1.AllowedHostAdded;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a real server on the loopback. */
class HolderClientTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);
    private static final byte[] SECRET = new byte[32];
    private static final Task TASK = Task.of(HolderAsked.newBuilder()
            .setRequestId(History.REQUEST)
            .setTaskId("0199f2aa-0000-7000-8000-0000000000ff")
            .setHolder("crm")
            .setAction(HolderAction.HOLDER_ACTION_READ_BACK)
            .build());

    private record Seen(String path, String id, String timestamp, String signature, String host, byte[] body) {}

    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private final AtomicReference<String> answer = new AtomicReference<>("{}");
    private HttpServer server;

    @BeforeEach
    void aSystem() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var headers = exchange.getRequestHeaders();
            seen.add(new Seen(
                    exchange.getRequestURI().getPath(),
                    headers.getFirst("webhook-id"),
                    headers.getFirst("webhook-timestamp"),
                    headers.getFirst("webhook-signature"),
                    headers.getFirst("Host"),
                    exchange.getRequestBody().readAllBytes()));
            byte[] body = answer.get().getBytes(UTF_8);
            if (exchange.getRequestURI().getPath().equals("/moved")) {
                exchange.getResponseHeaders().add("Location", "/dsar");
                exchange.sendResponseHeaders(307, -1);
            } else if (!exchange.getRequestURI().getPath().equals("/silent")) {
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
            if (!exchange.getRequestURI().getPath().equals("/silent")) {
                exchange.close();
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private Answer asked(boolean loopback, String host, String path, ListedHosts egress) {
        return asked(loopback, "http", host, path, egress);
    }

    private Answer asked(boolean loopback, String scheme, String host, String path, ListedHosts egress) {
        try (var client =
                new HolderClient(new HolderOptions(Duration.ofSeconds(1), 3, Duration.ofSeconds(2), loopback))) {
            return client.ask(
                    holder(scheme, host, path),
                    egress.policy(AddressRanges.forbidden()),
                    TASK,
                    History.SUBJECT,
                    SECRET,
                    NOW);
        }
    }

    private Holder holder(String scheme, String host, String path) {
        return new Holder(
                HolderRegistered.newBuilder()
                        .setHolder("crm")
                        .setUrl(scheme + "://" + host + ":"
                                + server.getAddress().getPort() + path)
                        .build(),
                new UUID(0, 0));
    }

    private static ListedHosts allowing(String host) {
        return ListedHosts.FOLD.evolve(
                ListedHosts.FOLD.initial(),
                new History().stored(AllowedHostAdded.newBuilder().setHost(host).build()));
    }

    @Test
    void whatIsSentIsSignedAndAReadBackLooksLikeAnExport() {
        Answer came = asked(true, "127.0.0.1", "/dsar", ListedHosts.FOLD.initial());

        assertThat(came).isEqualTo(new Answer(200, "", "{}"));
        Seen one = seen.getFirst();
        assertThat(one.path()).isEqualTo("/dsar");
        assertThat(one.id()).isEqualTo(TASK.id());
        assertThat(one.timestamp()).isEqualTo("1790000000");
        assertThat(one.signature()).isEqualTo(WebhookSignature.of(SECRET, TASK.id(), 1_790_000_000, one.body()));
        assertThat(new String(one.body(), UTF_8))
                .isEqualTo("{\"request\":\"" + History.REQUEST + "\",\"subject\":\"" + History.SUBJECT
                        + "\",\"task\":\"" + TASK.id() + "\",\"type\":\"dsar.export\"}");
    }

    /** The vector of the Standard Webhooks libraries. */
    @Test
    void theSignatureIsThatOfStandardWebhooks() {
        byte[] secret = java.util.Base64.getDecoder().decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

        assertThat(WebhookSignature.of(
                        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}".getBytes(UTF_8)))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @Test
    void nothingIsSentWhereTheListDoesNotAllowOrTheAddressIsPrivate() {
        assertThat(asked(false, "https", "127.0.0.1", "/dsar", ListedHosts.FOLD.initial())
                        .code())
                .isEqualTo("egress-denied");
        assertThat(asked(
                                false,
                                "https",
                                "127.0.0.1",
                                "/dsar",
                                allowing("127.0.0.1:" + server.getAddress().getPort()))
                        .code())
                .isEqualTo("egress-denied");
        // A name that leads to the loopback is no address of it: the setting is for addresses.
        assertThat(asked(
                                true,
                                "https",
                                "localhost",
                                "/dsar",
                                allowing("localhost:" + server.getAddress().getPort()))
                        .code())
                .isIn("egress-denied", "no-address");
        assertThat(seen).isEmpty();
    }

    @Test
    void nothingIsSentInClearButToAnAllowedLoopbackAddress() {
        int port = server.getAddress().getPort();
        assertThat(asked(false, "127.0.0.1", "/dsar", allowing("127.0.0.1:" + port))
                        .code())
                .isEqualTo("not-https");
        assertThat(asked(true, "localhost", "/dsar", allowing("localhost:" + port))
                        .code())
                .isEqualTo("not-https");
        assertThat(asked(true, "crm.example.com", "/dsar", allowing("crm.example.com:" + port))
                        .code())
                .isEqualTo("not-https");
        assertThat(seen).isEmpty();
    }

    @Test
    void aSystemIsRegisteredWithHttpsOrOnAnAllowedLoopbackAddress() {
        try (var here = new HolderClient(HolderOptions.local(true));
                var elsewhere = new HolderClient(HolderOptions.DEFAULT)) {
            for (String url : new String[] {"https://crm.example.com/dsar", "http://127.0.0.1:8080/dsar"}) {
                assertThat(here.isProtected(url)).as(url).isTrue();
            }
            for (String url : new String[] {
                "http://crm.example.com/dsar", "http://localhost/dsar", "http://10.0.0.1/dsar", "http://192.0.2.1"
            }) {
                assertThat(here.isProtected(url)).as(url).isFalse();
            }
            assertThat(elsewhere.isProtected("http://127.0.0.1:8080/dsar")).isFalse();
        }
    }

    @Test
    void noRedirectIsFollowedAndNothingWaitsForEver() {
        assertThat(asked(true, "127.0.0.1", "/moved", ListedHosts.FOLD.initial())
                        .status())
                .isEqualTo(307);
        assertThat(seen).hasSize(1);
        assertThat(asked(true, "127.0.0.1", "/silent", ListedHosts.FOLD.initial())
                        .code())
                .isIn("no-answer-in-time", "no-connection");
    }

    /** A byte now and then is no answer, and holds no connection of ours. */
    @Test
    void whoNeverComesToAnEndLosesItsConnection() throws Exception {
        var ended = new CountDownLatch(1);
        server.createContext("/drip", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (var body = exchange.getResponseBody()) {
                while (true) {
                    body.write(' ');
                    body.flush();
                    TimeUnit.MILLISECONDS.sleep(50);
                }
            } catch (IOException | InterruptedException e) {
                ended.countDown();
            }
        });
        try (var client = new HolderClient(new HolderOptions(Duration.ofSeconds(1), 3, Duration.ofSeconds(2), true))) {
            Answer came = client.ask(
                    holder("http", "127.0.0.1", "/drip"),
                    ListedHosts.FOLD.initial().policy(AddressRanges.forbidden()),
                    TASK,
                    History.SUBJECT,
                    SECRET,
                    NOW);
            assertThat(came.code()).isEqualTo("no-answer-in-time");
            assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void anAnswerHasALimit() {
        answer.set("x".repeat(HolderClient.MAX_ANSWER_BYTES + 1));

        assertThat(asked(true, "127.0.0.1", "/dsar", ListedHosts.FOLD.initial()).code())
                .isEqualTo("answer-too-large");
    }
}
