package dev.chancery.egress;

import dev.chancery.feature.ProxyOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The forward proxy: takes connections in, and ends those that may not go on. Each connection has virtual threads of its own, so one that
 * is slow, silent or endless keeps nobody waiting; and as many bytes in memory as it has buffers.
 *
 * <p><b>Limits:</b> those of {@link ProxyOptions}; each second every connection is asked whether it is still allowed.
 */
final class ProxyServer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ProxyServer.class);
    private static final int BACKLOG = 256;
    private static final long CHECK_SECONDS = 1;

    private final ProxyOptions options;
    private final ProxyDecider decider;
    private final ServerSocket server;
    private final Set<ProxyConnection> open = ConcurrentHashMap.newKeySet();
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

    int connections() {
        return open.size();
    }

    void start() {
        acceptor.start();
        var _ = clock.scheduleWithFixedDelay(this::check, CHECK_SECONDS, CHECK_SECONDS, TimeUnit.SECONDS);
    }

    private void acceptUntilClosed() {
        while (!server.isClosed()) {
            try {
                admit(server.accept());
            } catch (IOException e) {
                if (!server.isClosed()) {
                    LOG.warnf("Connection not taken: cause=%s", e);
                }
            }
        }
    }

    private void admit(Socket socket) {
        var connection = new ProxyConnection(socket, options, decider, this);
        if (open.size() >= options.maxTunnels()) {
            Thread.ofVirtual().start(() -> connection.turnAway(ProxyRejection.BUSY));
            return;
        }
        open.add(connection);
        Thread.ofVirtual().name("egress").start(() -> {
            try {
                connection.run();
            } finally {
                open.remove(connection);
            }
        });
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
        for (ProxyConnection connection : open) {
            try {
                if (!connection.mayGoOn()) {
                    // With TLS, closing waits for who is writing.
                    Thread.ofVirtual().start(connection::end);
                }
            } catch (RuntimeException e) {
                LOG.warnf("Connection ended, since nobody can say whether it is allowed: cause=%s", e);
                Thread.ofVirtual().start(connection::end);
            }
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
        open.forEach(ProxyConnection::end);
    }
}
