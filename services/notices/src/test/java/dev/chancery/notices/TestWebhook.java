package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A webhook on the loopback, which keeps what it is sent. */
final class TestWebhook implements AutoCloseable {
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

    WebhookChannel channel() {
        String base = "http://127.0.0.1:" + server.getAddress().getPort();
        return new WebhookChannel(URI.create(base + "/notices"), new byte[32], policy(base));
    }

    @Override
    public void close() {
        server.stop(0);
    }

    /** Without forbidden addresses: the test's webhook is on the loopback. */
    static EgressPolicy policy(String allowed) {
        return new EgressPolicy(
                AddressRanges.only(), List.of(), List.of(), List.of(HostPattern.deny(allowed)), Map.of(), List.of());
    }
}
