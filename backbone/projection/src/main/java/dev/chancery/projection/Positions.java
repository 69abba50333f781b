package dev.chancery.projection;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How far a projection has come, and the wait for it to come further.
 *
 * <p>In the process of the projection's runner a waiter wakes with the commit; in any other process it reads the table every
 * {@code POLL_MILLIS}.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_TENANTS} positions in memory. A waiter whose
 * tenant was evicted finds the position in the table.
 */
public final class Positions {
    static final int MAX_TENANTS = 10_000;
    private static final long POLL_MILLIS = 25;

    private final Database database;
    private final DatabaseRole reader;
    private final String schema;
    private final LoadingCache<String, Reached> reached =
            Caffeine.newBuilder().maximumSize(MAX_TENANTS).build(tenant -> new Reached());

    private final AtomicInteger waiters = new AtomicInteger();
    private volatile Runnable hurry = () -> {};

    /** @param reader a role that may select from {@code <schema>.position} in its tenant */
    public Positions(Database database, DatabaseRole reader, String schema) {
        this.database = database;
        this.reader = reader;
        this.schema = schema;
    }

    /** The last position applied and committed; -1 when there is none. */
    public long of(String tenant) {
        long position = database.inTenant(reader, tenant, connection -> read(connection, tenant));
        advance(tenant, position);
        return position;
    }

    /**
     * Waits until the projection has committed {@code position}.
     *
     * @return false when it hasn't within {@code atMost}
     */
    public boolean await(String tenant, long position, Duration atMost) {
        Reached mark = mark(tenant);
        if (mark.position() >= position) {
            return true;
        }
        waiters.incrementAndGet();
        try {
            hurry.run();
            return await(tenant, mark, position, System.nanoTime() + atMost.toNanos());
        } finally {
            waiters.decrementAndGet();
        }
    }

    private boolean await(String tenant, Reached mark, long position, long deadline) {
        while (of(tenant) < position) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            try {
                if (mark.await(position, Math.min(leftMillis, POLL_MILLIS))) {
                    return true;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** @param hurry called when somebody begins to wait */
    void onWait(Runnable hurry) {
        this.hurry = hurry;
    }

    /** Whether anybody in this process waits for any position. */
    boolean isAwaited() {
        return waiters.get() > 0;
    }

    void advance(String tenant, long position) {
        mark(tenant).advance(position);
    }

    private Reached mark(String tenant) {
        return reached.get(tenant);
    }

    private long read(Connection connection, String tenant) throws SQLException {
        try (var query = connection.prepareStatement("SELECT position FROM " + schema + ".position WHERE tenant = ?")) {
            query.setString(1, tenant);
            try (var row = query.executeQuery()) {
                return row.next() ? row.getLong(1) : -1;
            }
        }
    }

    /** The highest position known here; it only grows. */
    private static final class Reached {
        private long position = -1;

        synchronized long position() {
            return position;
        }

        synchronized void advance(long to) {
            if (to > position) {
                position = to;
                notifyAll();
            }
        }

        synchronized boolean await(long wanted, long atMostMillis) throws InterruptedException {
            long deadline = System.nanoTime() + atMostMillis * 1_000_000;
            long leftMillis = atMostMillis;
            while (position < wanted && leftMillis > 0) {
                wait(leftMillis);
                leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            }
            return position >= wanted;
        }
    }
}
