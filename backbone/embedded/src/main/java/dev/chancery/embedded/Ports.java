package dev.chancery.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Free ports of the loopback. */
final class Ports {
    // Below the range that systems take for outgoing connections: a port stays free while its server is down.
    private static final int FIRST = 20_000;
    private static final int LAST = 32_000;
    private static final int ATTEMPTS = 100;
    static final String LOOPBACK = "127.0.0.1";

    private Ports() {}

    /** A port that is free now; whoever binds it must expect to lose a race for it. */
    static int free() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
            if (isFree(port)) {
                return port;
            }
        }
        throw new ServerNotStarted(
                ServerNotStarted.Reason.PORT_IN_USE, "no free port found between " + FIRST + " and " + LAST);
    }

    static boolean isFree(int port) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral(LOOPBACK), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
