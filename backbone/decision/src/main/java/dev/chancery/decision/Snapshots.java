package dev.chancery.decision;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.log.StreamScan;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * What decisions rested on at past positions: read from the log, on from the nearest earlier one that is in memory.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_STATES} states over all organisations, each kept {@value #KEPT_MINUTES}
 * minutes after it was last asked for; {@value #MAX_REBUILDS} are read at once.
 */
final class Snapshots {
    private static final int MAX_STATES = 500_000;
    private static final int KEPT_MINUTES = 10;

    /** Each takes a connection for as long as its history is long. */
    private static final int MAX_REBUILDS = 2;

    /** A snapshot weighs this much at least, so that many of small organisations are bounded too. */
    private static final int MIN_WEIGHT = 500;

    private record At(String tenant, long position) {}

    private final StreamScan scan;
    private final List<Part<?>> parts;
    private final List<String> streams;
    private final Semaphore rebuilds = new Semaphore(MAX_REBUILDS);
    private final Cache<At, Snapshot> kept = Caffeine.newBuilder()
            .maximumWeight(MAX_STATES)
            .weigher((At at, Snapshot snapshot) -> Math.max(MIN_WEIGHT, snapshot.size()))
            .expireAfterAccess(Duration.ofMinutes(KEPT_MINUTES))
            .build();

    Snapshots(StreamScan scan, List<Part<?>> parts) {
        this.scan = scan;
        this.parts = parts;
        this.streams = parts.stream().<String>map(Part::streamPrefix).toList();
    }

    /**
     * The organisation's state at a position that its log has.
     *
     * @return empty where too many are being read already
     */
    Optional<Snapshot> at(String tenant, long position, Duration atMost) {
        var at = new At(tenant, position);
        Snapshot known = kept.getIfPresent(at);
        if (known != null) {
            return Optional.of(known);
        }
        try {
            if (!rebuilds.tryAcquire(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                return Optional.empty();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
        try {
            Snapshot read = read(at);
            kept.put(at, read);
            return Optional.of(read);
        } finally {
            rebuilds.release();
        }
    }

    private Snapshot read(At at) {
        Optional<Snapshot> earlier = kept.asMap().entrySet().stream()
                .filter(entry -> entry.getKey().tenant().equals(at.tenant())
                        && entry.getKey().position() < at.position())
                .max(Comparator.comparingLong(entry -> entry.getKey().position()))
                .map(java.util.Map.Entry::getValue);
        States states = earlier.map(Snapshot::copy).orElseGet(() -> new States(at.tenant(), parts));
        long after = earlier.map(Snapshot::position).orElse(-1L);
        long last = scan.scan(at.tenant(), streams, after, at.position(), states::apply);
        if (last != at.position()) {
            throw new IllegalStateException("the log ends at " + last + ", before " + at.position());
        }
        return new Snapshot(states, at.position());
    }

    /** The present state, kept for what is asked about it later. */
    Snapshot keep(TenantView view) {
        Snapshot known = kept.getIfPresent(new At(view.tenant(), view.position()));
        if (known != null) {
            return known;
        }
        Snapshot now = view.snapshot();
        kept.put(new At(view.tenant(), now.position()), now);
        return now;
    }

    /** Forgets an organisation: another log has taken the place of its log. */
    void forget(String tenant) {
        kept.asMap().keySet().removeIf(at -> at.tenant().equals(tenant));
    }
}
