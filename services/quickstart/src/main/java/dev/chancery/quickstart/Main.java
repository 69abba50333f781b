package dev.chancery.quickstart;

import dev.chancery.embedded.ServerNotStarted;
import dev.chancery.keyring.KeyFileUnusable;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.jboss.logging.Logger;

/**
 * The process of the quick start. Exit codes: 0 stopped as asked, or equal; 1 failed, or not equal; 2 wrong usage. What keeps it
 * from starting is said in one line.
 */
@QuarkusMain
public final class Main {
    private static final Logger LOG = Logger.getLogger(Main.class);

    private Main() {}

    public static void main(String... arguments) {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("chancery: " + e.getMessage() + "\n" + Options.USAGE);
            System.exit(2);
            return;
        }
        if (options.command().equals("replay")) {
            System.exit(replay(options));
        }
        try {
            int port = freePort(options.port());
            System.setProperty("quarkus.http.port", Integer.toString(port));
        } catch (IOException e) {
            fail(new Unusable(
                    "port " + options.port() + " is in use; name another with --port, or 0 for any free one"));
        }
        Quarkus.run(Up.class, (code, failure) -> System.exit(code), arguments);
    }

    private static int replay(Options options) {
        try {
            return Replay.check(options) ? 0 : 1;
        } catch (RuntimeException e) {
            return complain(e);
        }
    }

    /** The port itself where it is free, or any where it is 0. */
    private static int freePort(int wanted) throws IOException {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
            return socket.getLocalPort();
        }
    }

    static void fail(RuntimeException failure) {
        System.exit(complain(failure));
    }

    /** Says in one line why nothing started; answers the exit code. */
    static int complain(RuntimeException failure) {
        switch (failure) {
            case Unusable known -> System.err.println("chancery: " + known.getMessage());
            case ServerNotStarted known -> System.err.println("chancery: " + known.getMessage());
            case KeyFileUnusable known -> System.err.println("chancery: " + known.getMessage());
            case dev.chancery.relay.RelayRefused known -> System.err.println("chancery: " + known.getMessage());
            default -> {
                LOG.error("Not started", failure);
                System.err.println("chancery: could not start; the log says why");
            }
        }
        return 1;
    }
}
