package dev.chancery.egress;

import dev.chancery.feature.ProxyOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.kernel.Principal;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A proxy in a process that takes all descriptors away from it, and gives them back. */
final class WithoutDescriptors {
    private static final int CLIENTS = 5;
    private static final int TRIES = 10;

    private WithoutDescriptors() {}

    public static void main(String[] args) throws Exception {
        var counts = new SimpleMeterRegistry();
        Metrics.addRegistry(counts);
        var nobody = new ProxyDecider.Callers() {
            @Override
            public Optional<Principal> of(String token) {
                return Optional.empty();
            }

            @Override
            public Optional<Boolean> mayUse(Principal principal, String workspace) {
                return Optional.of(false);
            }
        };
        var records = new DecisionRecords(null);
        var decider = new ProxyDecider(
                nobody,
                new Policies((of, place) -> Optional.empty(), AddressRanges.forbidden(), List.of()),
                name -> List.of(),
                ProxyFeature.allowed(records),
                ProxyFeature.denied(records),
                ProxyFeature.seen(records),
                ProxyFeature.blocked(records),
                records);
        try (var server = new ProxyServer(ProxyOptions.local(port -> {}), decider)) {
            server.start();
            answered(server.port());
            List<FileInputStream> taken = new ArrayList<>();
            // Before they are gone: descriptors for the clients' own ends. Several clients, since the server may give
            // back the descriptor of the connection before only after the last was taken.
            List<Socket> clients = new ArrayList<>();
            try {
                for (int i = 0; i < CLIENTS; i++) {
                    var client = new Socket();
                    client.bind(null);
                    clients.add(client);
                }
                try {
                    while (true) {
                        taken.add(new FileInputStream("/dev/null"));
                    }
                } catch (IOException e) {
                    // None is left.
                }
                for (Socket client : clients) {
                    client.connect(new java.net.InetSocketAddress("127.0.0.1", server.port()));
                }
                TimeUnit.SECONDS.sleep(2);
                var counter = counts.find("chancery.proxy.refusals")
                        .tag("code", "not-accepted")
                        .counter();
                for (FileInputStream one : taken) {
                    one.close();
                }
                System.out.println("failures=" + (counter == null ? 0 : (int) counter.count()) + " answered="
                        + answeredSoon(server.port()));
            } finally {
                for (Socket client : clients) {
                    client.close();
                }
            }
        }
        System.exit(0);
    }

    /** The first connections may still come to nothing, from what began while there were none. */
    private static boolean answeredSoon(int port) throws InterruptedException {
        for (int i = 0; i < TRIES; i++) {
            try {
                if (answered(port)) {
                    return true;
                }
            } catch (IOException e) {
                System.err.println(e);
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
        return false;
    }

    private static boolean answered(int port) throws IOException {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            System.err.println(answer.lines().findFirst().orElse("no answer"));
            return answer.startsWith("HTTP/1.1 407 ");
        }
    }
}
