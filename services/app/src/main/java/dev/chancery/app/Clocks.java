package dev.chancery.app;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Compares this process's clock with PostgreSQL's, which gives records their time: a clock that is ahead makes decisions look stale, and
 * one that is far behind refuses every command.
 */
final class Clocks implements AutoCloseable {
    /** What a decision may be old by, less what it is old by anyway. */
    private static final Duration MAX_DIFFERENCE = Duration.ofSeconds(1);

    private static final Logger LOG = Logger.getLogger(Clocks.class);
    private static final long INTERVAL_SECONDS = 5;

    private final Database database;
    private final DatabaseRole role;
    private final ScheduledExecutorService rounds = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("chancery-clocks").factory());
    private volatile @Nullable String complaint;

    Clocks(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
        var _ = rounds.scheduleWithFixedDelay(this::compare, 0, INTERVAL_SECONDS, TimeUnit.SECONDS);
    }

    /** How far apart the clocks are, where it matters. */
    Optional<String> complaint() {
        return Optional.ofNullable(complaint);
    }

    private void compare() {
        try {
            long before = System.currentTimeMillis();
            long theirs = database.transaction(role, connection -> {
                try (var query = connection.prepareStatement(
                                "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
                        var row = query.executeQuery()) {
                    row.next();
                    return row.getLong(1);
                }
            });
            said(difference(before, theirs, System.currentTimeMillis()));
        } catch (RuntimeException e) {
            // Whoever needs PostgreSQL says that it is away.
            LOG.debugf(e, "clocks not compared");
        }
    }

    /** By how many milliseconds ours is ahead (or, if negative, behind) at least: the question may have taken long. */
    static long difference(long before, long theirs, long after) {
        return theirs < before ? before - theirs : Math.min(0, after - theirs);
    }

    private void said(long aheadMillis) {
        String now = Math.abs(aheadMillis) < MAX_DIFFERENCE.toMillis()
                ? null
                : "this process's clock is " + Math.abs(aheadMillis) / 1_000 + " s "
                        + (aheadMillis > 0 ? "ahead of" : "behind") + " PostgreSQL's: set the clocks right";
        if (now != null && complaint == null) {
            LOG.errorf("%s", now);
        }
        complaint = now;
    }

    @Override
    public void close() {
        rounds.shutdownNow();
    }
}
