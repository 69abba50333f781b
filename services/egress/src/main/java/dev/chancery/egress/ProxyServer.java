package dev.chancery.egress;

import dev.chancery.feature.ProxyOptions;
import dev.chancery.kernel.Rejection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The forward proxy: takes connections in, and ends those that may not go on. Each connection has virtual threads of its own, so one that
 * is slow, silent or endless keeps nobody waiting; and as many bytes in memory as it has buffers.
 *
 * <p>A connection is a stranger's until its access token is known, and strangers have places of their own: one more pushes out the one
 * that has been there longest. So they take none of the callers' places, and a caller who sends its head at once gets in however many
 * strangers there are.
 *
 * <p><b>Limits:</b> those of {@link ProxyOptions}; each second every connection is asked whether it is still allowed.
 */
final class ProxyServer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ProxyServer.class);
    private static final int BACKLOG = 256;
    private static final long CHECK_SECONDS = 1;

    /** How long nobody is taken in after that has failed, mostly since the process has no descriptor left. */
    private static final long ACCEPT_REST_MILLIS = 100;

    private final ProxyOptions options;
    private final ProxyDecider decider;
    private final ServerSocket server;
    /** Whoever has sent no good token yet, or is being refused; by arrival. Guarded by itself. */
    private final LinkedHashSet<ProxyConnection> strangers = new LinkedHashSet<>();

    /** Callers' connections. Guarded by {@link #strangers}, so that a connection is in one of the two. */
    private final Set<ProxyConnection> open = new HashSet<>();

    private final Map<String, Integer> byWorkspace = new ConcurrentHashMap<>();
    private final Thread acceptor =
            Thread.ofPlatform().daemon().name("egress-accept").unstarted(this::acceptUntilClosed);
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("egress-check").factory());

    /** Listens; takes nobody in before {@link #start}. */
    ProxyServer(ProxyOptions options, ProxyDecider decider) {
        this.options = options;
        this.decider = decider;
        try {
            server = options.tls().map(ProxyTls::serverSocket).orElseGet(ProxyServer::plain);
            server.bind(new InetSocketAddress(InetAddress.getByName(options.host()), options.port()), BACKLOG);
        } catch (IOException e) {
            throw new UncheckedIOException("the proxy can't listen at " + options.host() + ":" + options.port(), e);
        }
    }

    private static ServerSocket plain() {
        try {
            return new ServerSocket();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return server.getLocalPort();
    }

    /** Of callers. */
    int connections() {
        synchronized (strangers) {
            return open.size();
        }
    }

    /** Of whoever has sent no good token yet. */
    int strangers() {
        synchronized (strangers) {
            return strangers.size();
        }
    }

    void start() {
        acceptor.start();
        var _ = clock.scheduleWithFixedDelay(this::check, CHECK_SECONDS, CHECK_SECONDS, TimeUnit.SECONDS);
    }

    private void acceptUntilClosed() {
        boolean failing = false;
        while (!server.isClosed()) {
            try {
                admit(server.accept());
                failing = false;
            } catch (IOException | RuntimeException e) {
                if (server.isClosed()) {
                    return;
                }
                EgressMetrics.refused(EgressMetrics.NOT_ACCEPTED);
                if (!failing) {
                    LOG.warnf("Connections not taken: cause=%s", e);
                }
                failing = true;
                pushOut();
                if (!rested()) {
                    return;
                }
            }
        }
    }

    private static boolean rested() {
        try {
            Thread.sleep(ACCEPT_REST_MILLIS);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private void admit(Socket socket) {
        var connection = new ProxyConnection(socket, options, decider, this);
        boolean full;
        synchronized (strangers) {
            full = strangers.size() >= options.maxStrangers();
        }
        if (full) {
            pushOut();
        }
        synchronized (strangers) {
            strangers.add(connection);
        }
        Thread.ofVirtual().name("egress").start(() -> {
            try {
                connection.run();
            } finally {
                synchronized (strangers) {
                    strangers.remove(connection);
                    open.remove(connection);
                }
            }
        });
    }

    /** Ends the connection of the stranger who has been there longest. */
    private void pushOut() {
        ProxyConnection longest;
        synchronized (strangers) {
            if (strangers.isEmpty()) {
                return;
            }
            longest = strangers.removeFirst();
        }
        longest.endRefused(EgressMetrics.PUSHED_OUT);
    }

    /** Gives a connection whose caller is known one of the callers' places. */
    Optional<Rejection> becomesKnown(ProxyConnection connection) {
        synchronized (strangers) {
            if (!strangers.contains(connection) || open.size() >= options.maxTunnels()) {
                return Optional.of(ProxyRejection.BUSY);
            }
            strangers.remove(connection);
            open.add(connection);
            return Optional.empty();
        }
    }

    /** Takes one of a workspace's places; {@link #leave} gives it back. */
    boolean enter(String workspace) {
        int[] taken = new int[1];
        byWorkspace.compute(workspace, (key, count) -> {
            int before = count == null ? 0 : count;
            taken[0] = before < options.maxTunnelsAWorkspace() ? before + 1 : -1;
            return taken[0] < 0 ? count : taken[0];
        });
        return taken[0] > 0;
    }

    void leave(String workspace) {
        byWorkspace.computeIfPresent(workspace, (key, count) -> count == 1 ? null : count - 1);
    }

    private void check() {
        for (ProxyConnection connection : all()) {
            try {
                connection.endUnlessItMayGoOn();
            } catch (RuntimeException e) {
                LOG.warnf("Connection ended, since nobody can say whether it is allowed: cause=%s", e);
                connection.endSoon();
            }
        }
    }

    private List<ProxyConnection> all() {
        synchronized (strangers) {
            return Stream.concat(strangers.stream(), open.stream()).toList();
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        try {
            server.close();
        } catch (IOException e) {
            LOG.debugf("Not closed: cause=%s", e);
        }
        all().forEach(ProxyConnection::end);
    }
}
