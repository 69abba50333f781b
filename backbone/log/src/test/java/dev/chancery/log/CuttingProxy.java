package dev.chancery.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/** Stands between a client and PostgreSQL and cuts the connection at a chosen message, once, or refuses all connections. */
final class CuttingProxy implements AutoCloseable {
    enum Cut {
        NEVER,
        /** PostgreSQL never hears of the commit. */
        BEFORE_COMMIT,
        /** PostgreSQL commits; its answer is lost. */
        BEFORE_ANSWER
    }

    private static final byte[] COMMIT = "COMMIT\0".getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket listener;
    private final int target;
    private final AtomicReference<Cut> cut = new AtomicReference<>(Cut.NEVER);
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean refusing;
    private volatile boolean refusingAfterCut;

    CuttingProxy(int target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Cuts the next commit. */
    void cutNext(Cut where) {
        cut.set(where);
    }

    /** Cuts the next commit, and lets nobody through afterwards. */
    void cutNextAndStayAway(Cut where) {
        refusingAfterCut = true;
        cut.set(where);
    }

    void letThrough() {
        refusingAfterCut = false;
        refusing = false;
    }

    boolean isPending() {
        return cut.get() != Cut.NEVER;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                if (refusing) {
                    client.close();
                    continue;
                }
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(client);
                open.add(server);
                // pgjdbc's first commits on a connection carry their text; later ones name a prepared statement.
                Thread.ofVirtual().start(() -> pump(client, server, Cut.BEFORE_COMMIT));
                Thread.ofVirtual().start(() -> pump(server, client, Cut.BEFORE_ANSWER));
            } catch (IOException e) {
                // Closed, or PostgreSQL is away: the client finds out.
            }
        }
    }

    private void pump(Socket from, Socket to, Cut mine) {
        byte[] buffer = new byte[64 * 1024];
        Predicate<Integer> cutsHere = length -> contains(buffer, length) && cut.compareAndSet(mine, Cut.NEVER);
        try (from;
                to;
                InputStream in = from.getInputStream()) {
            for (int length = in.read(buffer); length > 0; length = in.read(buffer)) {
                if (cutsHere.test(length)) {
                    refusing = refusingAfterCut;
                    break;
                }
                to.getOutputStream().write(buffer, 0, length);
            }
        } catch (IOException e) {
            // The other direction was cut, or an end went away.
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    private static boolean contains(byte[] buffer, int length) {
        for (int at = 0; at + COMMIT.length <= length; at++) {
            if (java.util.Arrays.equals(buffer, at, at + COMMIT.length, COMMIT, 0, COMMIT.length)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
