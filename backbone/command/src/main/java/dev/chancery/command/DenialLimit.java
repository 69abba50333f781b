package dev.chancery.command;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.micrometer.core.instrument.Metrics;
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
 * stands for and is written when the minute is over, or the process stops.
 *
 * <p>A process that is killed loses the count of that minute; the records before it are there, and every refusal was a refusal.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_PRINCIPALS} principals at a time; the shared record of one that makes room
 * is written then.
 */
public final class DenialLimit implements AutoCloseable {
    static final int MAX_PRINCIPALS = 10_000;

    private static final Logger LOG = Logger.getLogger(DenialLimit.class);
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long LOOK_SECONDS = 5;

    private final int recordsAMinute;
    private final LongSupplier nowNanos;
    private final Cache<String, Window> windows = Caffeine.newBuilder()
            .maximumSize(MAX_PRINCIPALS)
            .expireAfterAccess(Duration.ofMinutes(10))
            .removalListener((@Nullable String who, @Nullable Window window, RemovalCause cause) -> {
                if (window != null) {
                    window.write();
                }
            })
            .build();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("denials").factory());

    /** A principal's denials since its minute began. */
    private static final class Window {
        private long begunNanos;
        private int recorded;
        private long shared;
        private @Nullable LongPredicate record;

        Window(long begunNanos) {
            this.begunNanos = begunNanos;
        }

        /** Writes the shared record, if there is anything to say; when that fails it is tried again. */
        synchronized void write() {
            try {
                if (record != null && record.test(shared)) {
                    shared = 0;
                    record = null;
                }
            } catch (RuntimeException e) {
                LOG.warnf("Record of denials not written, tried again later: cause=%s", e.getMessage());
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
    boolean hasRoom(String tenant, String principal) {
        Window window = current(tenant, principal);
        synchronized (window) {
            return window.recorded < recordsAMinute;
        }
    }

    /** A denial got its record. */
    void recorded(String tenant, String principal) {
        Window window = current(tenant, principal);
        synchronized (window) {
            window.recorded++;
        }
    }

    /**
     * A denial got none.
     *
     * @param record appends the record that stands for so many; false: it could not
     */
    void shared(String tenant, String principal, LongPredicate record) {
        Window window = current(tenant, principal);
        synchronized (window) {
            window.shared++;
            window.record = record;
        }
        Metrics.counter("chancery.denials.unrecorded").increment();
    }

    private Window current(String tenant, String principal) {
        Window window = windows.get(tenant + "\n" + principal, unknown -> new Window(nowNanos.getAsLong()));
        synchronized (window) {
            if (isOver(window)) {
                window.write();
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
            synchronized (window) {
                if (isOver(window)) {
                    window.write();
                }
            }
        }
    }

    /** Writes what is left. */
    @Override
    public void close() {
        clock.shutdownNow();
        windows.asMap().values().forEach(Window::write);
    }
}
