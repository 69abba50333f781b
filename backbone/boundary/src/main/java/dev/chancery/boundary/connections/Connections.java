package dev.chancery.boundary.connections;

import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The connections that are open: how many there may be, and how much streams and answers may hold on all of them together. What one connection may hold, times their number, is more than any heap has.
 */
final class Connections {
    /** Of all places, the part that those have to themselves who have had no answer yet: one over so many. */
    private static final int NEWCOMERS = 4;

    private static final Comparator<Connection> LONGEST_SILENT = Comparator.comparingLong(Connection::lastActiveNanos);

    private final ConnectionLimits limits;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong held = new AtomicLong();

    Connections(ConnectionLimits limits) {
        this.limits = limits;
    }

    /** Takes a connection in; where that is one too many, another one goes, as soon as there is one that has begun. */
    void admit(BoundedSocket channel) {
        var connection = new Connection(channel, limits, this);
        // The newcomer is not asked to leave: it could not have had an answer yet.
        makeRoom(1);
        open.add(connection);
        channel.pipeline().addLast(connection, new GuardInstaller(channel, connection, limits, false));
        channel.closeFuture().addListener(closed -> forget(connection));
    }

    /** Of many that came at once none could be asked to leave before it had begun; now one can. */
    void begun() {
        if (open.size() > limits.connections()) {
            makeRoom(0);
        }
    }

    private synchronized void makeRoom(int places) {
        while (open.size() + places > limits.connections()) {
            Optional<Connection> least = leastWorth();
            if (least.isEmpty()) {
                return;
            }
            leave(least.get(), Connection.Why.PUSHED_OUT);
        }
    }

    /**
     * Who has waited longest for a first answer, as long as more than a quarter of all do, or else who had the last answer longest ago.
     * Without that quarter, whoever holds all other places with an answer each would have every newcomer pushed out by the next.
     */
    private Optional<Connection> leastWorth() {
        long unanswered =
                open.stream().filter(connection -> !connection.isAnswered()).count();
        boolean newcomersGo = unanswered > limits.connections() / NEWCOMERS || unanswered == open.size();
        return open.stream()
                .filter(connection -> connection.isBegun() && connection.isAnswered() != newcomersGo)
                .min(LONGEST_SILENT);
    }

    /** A connection's answers hold more than before, or less; answers whether that is too much in all. */
    boolean holdsMore(long bytes) {
        return held.addAndGet(bytes) > limits.unreadTotalBytes() && bytes > 0;
    }

    /** Ends the connections whose answers weigh most, until all together hold no more than they may. */
    synchronized void relieve() {
        long now = System.nanoTime();
        while (held.get() > limits.unreadTotalBytes()) {
            Optional<Connection> heaviest = open.stream()
                    .filter(each -> each.burden(now) > 0)
                    .max(Comparator.comparingDouble(each -> each.burden(now)));
            if (heaviest.isEmpty()) {
                return;
            }
            leave(heaviest.get(), Connection.Why.ALL_HOLD_TOO_MUCH);
        }
    }

    private void leave(Connection connection, Connection.Why why) {
        if (forget(connection)) {
            connection.end(why);
        }
    }

    private boolean forget(Connection connection) {
        held.addAndGet(-connection.forget());
        return open.remove(connection);
    }

    int size() {
        return open.size();
    }
}
