package dev.chancery.command;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the records of denials: of one principal, so many a minute get a record each; those beyond share one, which says how many it
 * stands for and is written when the minute is over, or the process stops. Failed sign-ins under a principal's name share one from the first.
 *
 * <p>A process that is killed loses the count of that minute; the records before it are there, and every refusal was a refusal.
 *
 * <p><b>Thread safety:</b> safe. No caller waits for a shared record. <b>Limits:</b> {@value #MAX_PRINCIPALS} principals at a time; the
 * shared record of one that makes room is written then.
 */
public final class DenialLimit implements AutoCloseable {
    static final int MAX_PRINCIPALS = 10_000;

    private static final Logger LOG = Logger.getLogger(DenialLimit.class);
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long LOOK_SECONDS = 5;
    private static final long CLOSE_SECONDS = 10;

    private final int recordsAMinute;
    private final LongSupplier nowNanos;
    private final Cache<Whose, Window> windows = Caffeine.newBuilder()
            .maximumSize(MAX_PRINCIPALS)
            .expireAfterAccess(Duration.ofMinutes(10))
            .removalListener((@Nullable Whose whose, @Nullable Window window, RemovalCause cause) -> {
                if (window != null) {
                    window.write();
                }
            })
            .build();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("denials").factory());

    /**
     * Which denials count together.
     *
     * @param proven whether they are the principal's own; otherwise, of whoever used its name
     */
    record Whose(String tenant, String principal, boolean proven) {}

    /** Denials since a minute began. */
    private static final class Window {
        private long begunNanos;
        private int recorded;
        private long shared;
        private @Nullable LongPredicate record;

        Window(long begunNanos) {
            this.begunNanos = begunNanos;
        }

        /** Writes the shared record, if there is anything to say; when that fails it is tried again. */
        void write() {
            long count;
            LongPredicate unwritten;
            synchronized (this) {
                count = shared;
                unwritten = record;
                shared = 0;
                record = null;
            }
            if (unwritten != null && !isWritten(unwritten, count)) {
                synchronized (this) {
                    shared += count;
                    record = record == null ? unwritten : record;
                }
            }
        }

        private static boolean isWritten(LongPredicate record, long count) {
            try {
                return record.test(count);
            } catch (RuntimeException e) {
                LOG.warnf("Record of denials not written, tried again later: cause=%s", e.getMessage());
                return false;
            }
        }
    }

    /** @param recordsAMinute of one principal, at least 1 */
    public DenialLimit(int recordsAMinute) {
        this(recordsAMinute, System::nanoTime);
    }

    DenialLimit(int recordsAMinute, LongSupplier nowNanos) {
        this.recordsAMinute = recordsAMinute;
        this.nowNanos = nowNanos;
    }

    /** Begins to write shared records when their minute is over. */
    public void start() {
        var _ = clock.scheduleWithFixedDelay(this::writeDue, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    /** Whether a denial of this principal gets a record of its own. */
    boolean hasRoom(Whose whose) {
        Window window = current(whose);
        synchronized (window) {
            return window.recorded < recordsAMinute;
        }
    }

    /** A denial got its record. */
    void recorded(Whose whose) {
        Window window = current(whose);
        synchronized (window) {
            window.recorded++;
        }
    }

    /**
     * A denial got none.
     *
     * @param record appends the record that stands for so many; false: it could not
     */
    void shared(Whose whose, LongPredicate record) {
        Window window = current(whose);
        synchronized (window) {
            window.shared++;
            window.record = record;
        }
    }

    /** One whose record is still to be written goes on until the clock has written it. */
    private Window current(Whose whose) {
        Window window = windows.get(whose, unknown -> new Window(nowNanos.getAsLong()));
        synchronized (window) {
            if (isOver(window) && window.record == null) {
                window.begunNanos = nowNanos.getAsLong();
                window.recorded = 0;
            }
        }
        return window;
    }

    private boolean isOver(Window window) {
        return nowNanos.getAsLong() - window.begunNanos >= WINDOW_NANOS;
    }

    void writeDue() {
        for (Window window : windows.asMap().values()) {
            boolean over;
            synchronized (window) {
                over = isOver(window);
            }
            if (over) {
                window.write();
            }
        }
    }

    /** Writes what is left. */
    @Override
    public void close() {
        clock.shutdown();
        try {
            if (!clock.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                clock.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        windows.asMap().values().forEach(Window::write);
    }
}
