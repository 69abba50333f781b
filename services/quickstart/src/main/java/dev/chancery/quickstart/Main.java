package dev.chancery.quickstart;

import dev.chancery.app.HttpFront;
import dev.chancery.app.Logs;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.embedded.ServerNotStarted;
import dev.chancery.keyring.SealerUnusable;
import dev.chancery.relay.RelayRefused;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The process of the quick start. Exit codes: 0 stopped as asked, equal, or nothing to repair; 1 failed, not equal, or in need of
 * repair; 2 wrong usage. What keeps it from starting is said in one line.
 */
@QuarkusMain
public final class Main {
    private static final Logger LOG = Logger.getLogger(Main.class);

    private Main() {}

    public static void main(String... arguments) {
        // A machine's language must not change what is written: not the digits of a number, not a file's name.
        Locale.setDefault(Locale.ROOT);
        if (Options.askForHelp(arguments)) {
            System.out.println(Options.USAGE);
            return;
        }
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("chancery: " + e.getMessage() + "\n" + Options.USAGE);
            System.exit(2);
            return;
        }
        if (!options.command().equals("up")) {
            System.exit(withoutServing(options));
        }
        Logs.redactEarly();
        HttpFront.prepare();
        try {
            Started.begin(options, freePort(options.port()));
        } catch (RuntimeException e) {
            System.exit(complain(e, options.data()));
        }
        Quarkus.run(
                Up.class,
                (code, failure) -> System.exit(failure == null ? code : notStarted(failure, options)),
                arguments);
    }

    /** Quarkus could not start behind the servers, which {@link Up} would have stopped; the port was free before they were started. */
    private static int notStarted(Throwable failure, Options options) {
        // Quarkus has taken its log with it; what it closes after this, it may say that it could not.
        Logs.warnEarly();
        Started.abandon();
        boolean portTaken = Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
                .anyMatch(BindException.class::isInstance);
        return complain(portTaken ? inUse(options.port()) : new IllegalStateException(failure), options.data());
    }

    private static Unusable inUse(int port) {
        return new Unusable("port " + port + " is in use; name another with --port, or 0 for any free one");
    }

    private static int withoutServing(Options options) {
        Logs.warnEarly();
        try {
            boolean done =
                    switch (options.command()) {
                        case "repair" -> Repair.run(options);
                        case "backup" -> Backup.run(options);
                        case "restore" -> Restore.run(options);
                        default -> Replay.check(options);
                    };
            return done ? 0 : 1;
        } catch (RuntimeException e) {
            return complain(e, options.data());
        }
    }

    /** The port itself where it is free, or any where it is 0. */
    private static int freePort(int wanted) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
            return socket.getLocalPort();
        } catch (IOException e) {
            throw inUse(wanted);
        }
    }

    /** Says in one line why nothing started; answers the exit code. */
    static int complain(RuntimeException failure, Path data) {
        String said =
                switch (failure) {
                    case Unusable known -> known.getMessage();
                    case ServerNotStarted known
                    when known.reason() == ServerNotStarted.Reason.WRONG_PASSWORD ->
                        "the key file " + DataDirectory.keyFile(data) + " is another instance's;"
                                + " put back the one that was made with this directory";
                    case ServerNotStarted known -> known.getMessage();
                    case SealerUnusable known -> known.getMessage();
                    case RelayRefused known -> known.getMessage();
                    default -> {
                        LOG.error("Not started", failure);
                        yield "could not start: " + failure.getClass().getSimpleName() + "; the log above says why";
                    }
                };
        // Servers have many words for a full disk, and none when their own log is on it.
        System.err.println("chancery: " + said + (SpaceGuard.isFull(data) ? "; " + SpaceGuard.FULL : ""));
        return 1;
    }
}
