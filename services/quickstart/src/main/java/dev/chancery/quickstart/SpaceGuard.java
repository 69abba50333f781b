package dev.chancery.quickstart;

import dev.chancery.kernel.Rejection;
import dev.chancery.log.Gate;
import dev.chancery.log.LogRejection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Refuses appends while the disk that PostgreSQL and Kafka write to is nearly full: what was begun still has room to end, and neither of
 * them gets to the last byte, where a write-ahead log or a segment that can't grow ends its server. Looks every
 * {@value #INTERVAL_MILLIS} ms.
 *
 * <p>Not promised: that somebody else does not take the rest at once. A server that this ends loses nothing, and starts again once there is
 * room.
 */
final class SpaceGuard implements Gate, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(SpaceGuard.class);
    private static final long INTERVAL_MILLIS = 200;

    /** Below this, commands are refused: four segments of PostgreSQL's write-ahead log. */
    static final long MIN_FREE_BYTES = 64L << 20;

    /** Below this nothing starts: one segment, which PostgreSQL may need for it. */
    private static final long NOTHING_BYTES = 16L << 20;

    static final String FULL = "the disk is full: free some space and start again";

    private final Path directory;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("space-guard").factory());
    private volatile boolean full;

    /** @param directory on that disk */
    SpaceGuard(Path directory) {
        this.directory = directory;
        look();
        var _ = clock.scheduleWithFixedDelay(this::look, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public Optional<Rejection> refusal() {
        return full ? Optional.of(LogRejection.DISK_FULL) : Optional.empty();
    }

    /** Whether there is hardly any room left; not where there is no such directory. */
    static boolean isFull(Path directory) {
        try {
            return Files.getFileStore(directory).getUsableSpace() < NOTHING_BYTES;
        } catch (IOException e) {
            return false;
        }
    }

    private void look() {
        try {
            long free = Files.getFileStore(directory).getUsableSpace();
            boolean now = free < MIN_FREE_BYTES;
            if (now != full) {
                LOG.warnf("Space guard: refusing=%s free_bytes=%d limit_bytes=%d", now, free, MIN_FREE_BYTES);
            }
            full = now;
        } catch (IOException | RuntimeException e) {
            // A schedule ends with the first exception that leaves it. Append fails by itself on a disk that is gone.
            LOG.warnf("Space guard could not look: cause=%s", e.getClass().getName());
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
