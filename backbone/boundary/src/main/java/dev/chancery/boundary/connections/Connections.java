package dev.chancery.boundary.connections;

import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The connections that are open. */
final class Connections {
    /** First who has had no answer yet, then who had the last one longest ago. */
    private static final Comparator<Connection> LEAST_WORTH =
            Comparator.comparing(Connection::isAnswered).thenComparingLong(Connection::lastActiveNanos);

    private final ConnectionLimits limits;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();

    Connections(ConnectionLimits limits) {
        this.limits = limits;
    }

    /** Takes a connection in; where that is one too many, another one goes. */
    void admit(BoundedSocket channel) {
        var connection = new Connection(channel, limits);
        // The newcomer is not asked to leave: it could not have had an answer yet.
        while (open.size() >= limits.connections()) {
            Connection least = open.stream().min(LEAST_WORTH).orElse(null);
            if (least == null || !open.remove(least)) {
                break;
            }
            least.end();
        }
        open.add(connection);
        channel.pipeline().addLast(connection, new GuardInstaller(channel, limits, false));
        channel.closeFuture().addListener(closed -> open.remove(connection));
    }

    int size() {
        return open.size();
    }
}
