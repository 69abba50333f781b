package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.net.httpserver.HttpServer;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.HostPattern;
import dev.chancery.firewall.PatternRefused;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** From an event in the log to a call that a webhook has. */
class WebhookChannelTest extends WithNotices {
    /** A webhook that answers and never comes to an end keeps no other notice waiting. */
    @Test
    void anAnswerThatNeverEndsIsNoDelivery() throws Exception {
        keyChanges(log.person(ADA));
        var over = new CountDownLatch(1);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (var body = exchange.getResponseBody()) {
                while (!over.await(50, TimeUnit.MILLISECONDS)) {
                    body.write('.');
                    body.flush();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/notices");
        try (var client = TestWebhook.client(Duration.ofSeconds(1));
                var sender = log.sender(
                        NoticesFixture.attempts(1),
                        new WebhookChannel(url, new byte[32], TestWebhook.NOTHING_ALLOWED, client))) {
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> sender.round());
            log.project();
            assertThat(log.notices().getFirst().getCode()).isEqualTo("unreachable");
        } finally {
            over.countDown();
            server.stop(0);
        }
    }

    @Test
    void aWebhookIsSignedAndGoesWhereTheListAllows() throws Exception {
        String ada = log.person(ADA);
        keyChanges(ada);
        byte[] secret = "0123456789abcdef0123456789abcdef".getBytes(US_ASCII);
        List<String> bodies = new ArrayList<>();
        var signature = new AtomicReference<String>();
        var asked = new AtomicReference<String>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var headers = exchange.getRequestHeaders();
            String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            bodies.add(body);
            asked.set(exchange.getRequestURI().toString());
            signature.set(headers.getFirst("webhook-signature") + " "
                    + expected(
                            secret,
                            headers.getFirst("webhook-id") + "." + headers.getFirst("webhook-timestamp") + "." + body));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        try {
            URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/notices?from=kestrel");
            try (var sender = log.sender(
                    NoticesFixture.attempts(8),
                    new WebhookChannel(url, secret, TestWebhook.NOTHING_ALLOWED, TestWebhook.CLIENT))) {
                sender.round();
            }
            assertThat(bodies).singleElement().satisfies(body -> assertThat(body)
                    .contains(ada)
                    .contains("\"key_changed\"")
                    .doesNotContain("@"));
            assertThat(asked.get()).isEqualTo("/notices?from=kestrel");
            String[] both = signature.get().split(" ");
            assertThat(both[0]).isEqualTo(both[1]);

            keyChanges(ada);
            try (var sender = log.sender(
                    NoticesFixture.attempts(1),
                    new WebhookChannel(
                            URI.create("https://hooks.example.com/notices"),
                            secret,
                            TestWebhook.NOTHING_ALLOWED,
                            TestWebhook.CLIENT))) {
                sender.round();
            }
            log.project();
            assertThat(bodies).hasSize(1);
            assertThat(log.notices().getFirst().getCode()).isEqualTo("not-allowed");
        } finally {
            server.stop(0);
        }
        assertThatThrownBy(() -> HostPattern.allow("127.0.0.1", AddressRanges.forbidden()))
                .isInstanceOf(PatternRefused.class);
    }

    private static String expected(byte[] secret, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
