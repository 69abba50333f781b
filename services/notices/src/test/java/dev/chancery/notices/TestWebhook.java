package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.OutboundClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** A webhook on the loopback, which keeps what it is sent. */
final class TestWebhook implements AutoCloseable {
    static final EgressPolicy NOTHING_ALLOWED =
            new EgressPolicy(AddressRanges.forbidden(), List.of(), List.of(), List.of(), Map.of(), List.of());
    static final OutboundClient CLIENT = client(Duration.ofSeconds(10));

    final List<String> bodies = new CopyOnWriteArrayList<>();
    volatile int status = 204;
    private final HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

    TestWebhook() throws IOException {
        server.createContext("/", exchange -> {
            bodies.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/notices");
    }

    WebhookChannel channel() {
        return channel(url());
    }

    /** To wherever on the loopback, which is opened. */
    static WebhookChannel channel(URI url) {
        return new WebhookChannel(url, new byte[32], NOTHING_ALLOWED, CLIENT);
    }

    @Override
    public void close() {
        server.stop(0);
    }

    /** As the product has it, but that the loopback is opened, as the tests' webhooks are there. */
    static OutboundClient client(Duration timeout) {
        var destinations = new Destinations(
                AddressRanges.forbidden().except(List.of("127.0.0.0/8")),
                name -> List.of(InetAddress.ofLiteral("127.0.0.1")));
        return new OutboundClient(destinations, new OutboundClient.Limits(timeout, 64 * 1024, 1), Optional.empty());
    }
}
