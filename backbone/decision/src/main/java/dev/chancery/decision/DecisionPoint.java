package dev.chancery.decision;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.log.LogTimes;
import dev.chancery.log.StreamScan;
import dev.chancery.projection.LogFollower;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Answers checks from memory. A tenant's view is loaded from PostgreSQL when it is first asked about, and what is committed later is
 * read from there too. Kafka only says which tenants' logs have moved: nothing that a message says reaches an answer.
 *
 * <p><b>Freshness.</b> Every {@link #COMPARE} all views are compared with the heads of their logs. When none is behind any more, all
 * are as of the time at which that comparison began. If the last one that ended so began more than {@link #MAX_AGE} ago, nothing is
 * answered. Time is this process' own monotonic clock.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_TENANTS} tenants in memory; {@value #MAX_READS} are read up at once.
 */
public final class DecisionPoint implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(DecisionPoint.class);

    static final int MAX_TENANTS = 1_000;

    /** How old what is answered may be. */
    public static final Duration MAX_AGE = Duration.ofSeconds(2);

    /** From one comparison with the heads to the next: a few fit into {@link #MAX_AGE}. */
    static final Duration COMPARE = Duration.ofMillis(500);

    /** Of one answer to a follower; the record that exceeds one of these is its last. */
    private static final int MAX_FOLLOWED_EVENTS = 1_000;

    private static final int MAX_FOLLOWED_BYTES = 1 << 19;

    private static final List<String> PLACED =
            PlacedDecision.PARTS.stream().<String>map(Part::streamPrefix).toList();

    /** Connections that are taken at once because Kafka says that logs have moved. */
    static final int MAX_READS = 4;

    /** How long {@link #start} waits for the first comparison. */
    private static final Duration START = Duration.ofSeconds(10);

    /** Streams whose states are in memory at once, over all tenants, roughly: a view is weighed when it is loaded. */
    private static final long MAX_STATES = 2_000_000;

    private final StreamScan scan;
    private final LogTimes times;
    private final Snapshots snapshots;
    private final List<Part<?>> parts;
    private final List<String> streams;
    private final LogFollower follower;
    private final LoadingCache<String, TenantView> views;
    private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore reads = new Semaphore(MAX_READS);
    private final Thread comparer =
            Thread.ofPlatform().daemon().name("decision-freshness").unstarted(this::compareUntilClosed);
    private final CountDownLatch compared = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile long freshAsOfNanos;

    /**
     * @param featureParts what features decide by, beyond authority
     * @throws IllegalArgumentException if two parts cover the same streams
     */
    public DecisionPoint(StreamScan scan, Properties kafka, String topic, List<Part<?>> featureParts) {
        this.scan = scan;
        this.times = scan.times();
        this.parts = Stream.concat(AuthorityParts.ALL.stream(), featureParts.stream())
                .toList();
        this.snapshots = new Snapshots(scan, parts);
        this.streams = parts.stream().<String>map(Part::streamPrefix).toList();
        for (String prefix : streams) {
            if (streams.stream().filter(prefix::startsWith).count() > 1) {
                throw new IllegalArgumentException("two decision parts cover the streams " + prefix);
            }
        }
        this.views = Caffeine.newBuilder()
                .maximumWeight(MAX_STATES)
                .weigher((String tenant, TenantView view) -> (int) Math.max(view.size(), MAX_STATES / MAX_TENANTS))
                .build(this::load);
        this.follower = new LogFollower(kafka, topic, this::moved);
    }

    /** Starts; returns when it is fresh, or after ten seconds. */
    public void start() {
        follower.start();
        comparer.start();
        try {
            compared.await(START.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether what is answered now takes into account all that was committed up to {@link #MAX_AGE} ago. */
    public boolean healthy() {
        return compared.getCount() == 0 && System.nanoTime() - freshAsOfNanos < MAX_AGE.toNanos();
    }

    /**
     * What decisions about a principal rest on, as of at least a position.
     *
     * @param atLeast the position that must have been seen
     * @return empty when that position was not seen within {@code atMost}, or what has been seen is stale
     */
    public Optional<AuthorityAt> authority(String tenant, String principalId, OptionalLong atLeast, Duration atMost) {
        TenantView view = view(tenant);
        return reaches(view, atLeast, atMost) && healthy()
                ? Optional.of(view.authority(principalId))
                : Optional.empty();
    }

    /**
     * A feature's own decision state, as of at least a position.
     *
     * @param part one that the decision point was made with
     * @param id the rest of the stream's name after the part's prefix
     * @return empty when that position was not seen within {@code atMost}, or what has been seen is stale
     */
    public <S> Optional<S> state(String tenant, Part<S> part, String id, OptionalLong atLeast, Duration atMost) {
        if (!parts.contains(part)) {
            throw new IllegalArgumentException("the decision point keeps no " + part.streamPrefix());
        }
        TenantView view = view(tenant);
        return reaches(view, atLeast, atMost) && healthy() ? Optional.of(view.state(part, id)) : Optional.empty();
    }

    /** How old what is answered may be now, at most; grows while PostgreSQL can't be read. */
    public Duration age() {
        return compared.getCount() == 0 ? Duration.ofNanos(System.nanoTime() - freshAsOfNanos) : Duration.ofDays(1);
    }

    /**
     * What questions about an organisation are answered from.
     *
     * @param nowMicros the moment that is decided at where the question is about the present
     * @param atMost how long to wait for a position that is committed and not seen yet, or for others' past positions
     */
    public Answerable at(String tenant, Consistency wanted, long nowMicros, Duration atMost) {
        TenantView view = view(tenant);
        return switch (wanted.kind()) {
            case FASTEST -> present(view, nowMicros);
            case AT_LEAST -> {
                Optional<Answerable> not = notReached(view, wanted.value(), atMost);
                yield not.isPresent() ? not.get() : present(view, nowMicros);
            }
            case EXACT -> {
                Optional<Answerable> not = notReached(view, wanted.value(), atMost);
                yield not.isPresent()
                        ? not.get()
                        : past(
                                tenant,
                                wanted.value(),
                                times.recordedAtMicros(tenant, wanted.value()).orElseThrow(),
                                atMost);
            }
            case AS_OF -> {
                if (wanted.value() > nowMicros) {
                    yield Answerable.Not.AHEAD;
                }
                OptionalLong last = times.lastUpTo(tenant, wanted.value());
                yield last.isEmpty()
                        ? Answerable.Not.BEFORE_BEGINNING
                        : past(tenant, last.getAsLong(), wanted.value(), atMost);
            }
        };
    }

    /** The same, from a state that stays as it is while it is looked through, and that {@link Consistency#exactly} finds again soon. */
    public Answerable frozenAt(String tenant, Consistency wanted, long nowMicros, Duration atMost) {
        Answerable found = at(tenant, wanted, nowMicros, atMost);
        return found instanceof Answerable.From(TenantView view, long atMicros)
                ? new Answerable.From(snapshots.keep(view), atMicros)
                : found;
    }

    /**
     * What came after a position, of all that placed decisions rest on, as much as fits into one answer.
     *
     * @param after -1: from the beginning
     * @param atMost how long to wait for something to come
     * @return empty where the log has no such position
     */
    public Optional<StreamScan.Slice> follow(String tenant, long after, Duration atMost) {
        TenantView view = view(tenant);
        if (view.position() <= after) {
            if (scan.lastPositions(Set.of(tenant)).getOrDefault(tenant, -1L) < after) {
                return Optional.empty();
            }
            view.await(after + 1, atMost.toMillis());
        }
        return Optional.of(scan.slice(tenant, PLACED, after, MAX_FOLLOWED_EVENTS, MAX_FOLLOWED_BYTES));
    }

    private Answerable present(TenantView view, long nowMicros) {
        return healthy() ? new Answerable.From(view, nowMicros) : Answerable.Not.STALE;
    }

    private Answerable past(String tenant, long position, long atMicros, Duration atMost) {
        return snapshots
                .at(tenant, position, atMost)
                .<Answerable>map(snapshot -> new Answerable.From(snapshot, atMicros))
                .orElse(Answerable.Not.BUSY);
    }

    /** Whoever names a position has seen it, or guesses: the log's end tells which. */
    private Optional<Answerable> notReached(TenantView view, long position, Duration atMost) {
        if (view.position() >= position) {
            return Optional.empty();
        }
        if (scan.lastPositions(Set.of(view.tenant())).getOrDefault(view.tenant(), -1L) < position) {
            return Optional.of(Answerable.Not.AHEAD);
        }
        return reaches(view, OptionalLong.of(position), atMost)
                ? Optional.empty()
                : Optional.of(Answerable.Not.NOT_REACHED);
    }

    /**
     * Which of a principal's sessions were ended, as of {@link #MAX_AGE} ago or later.
     *
     * @return empty when what has been seen is stale
     */
    public Optional<SessionEnds> sessionEnds(String tenant, String principalId) {
        return state(tenant, SessionEnds.PART, principalId, OptionalLong.empty(), Duration.ZERO);
    }

    private boolean reaches(TenantView view, OptionalLong atLeast, Duration atMost) {
        if (atLeast.isEmpty() || view.position() >= atLeast.getAsLong()) {
            return true;
        }
        readSoon(view);
        return view.await(atLeast.getAsLong(), atMost.toMillis());
    }

    /** The position that the tenant's view has seen. */
    long position(String tenant) {
        return view(tenant).position();
    }

    /**
     * A tenant's view, caught up. A log may move while it is being loaded, too late for the load and too early for the follower; so
     * once the view is where the follower finds it, what has come since is read after all.
     */
    private TenantView view(String tenant) {
        TenantView view = views.get(tenant);
        if (!view.isFollowed()) {
            readUp(view);
            view.setFollowed();
        }
        return view;
    }

    private TenantView load(String tenant) {
        var view = new TenantView(tenant, parts);
        view.readUp(scan, streams);
        return view;
    }

    private void moved(String tenant) {
        TenantView view = views.getIfPresent(tenant);
        if (view != null) {
            readSoon(view);
        }
    }

    /** Whoever asks while a read is under way has one more made behind it, however many ask. */
    private void readSoon(TenantView view) {
        if (view.wakes.getAndIncrement() == 0) {
            readers.execute(() -> readUntilSettled(view));
        }
    }

    private void readUntilSettled(TenantView view) {
        int wakes;
        do {
            wakes = view.wakes.get();
            reads.acquireUninterruptibly();
            try {
                readUp(view);
            } catch (DatabaseUnavailable e) {
                LOG.debugf("Log not read, left to the comparison: tenant=%s", view.tenant());
            } catch (RuntimeException e) {
                LOG.errorf("View thrown away: tenant=%s cause=%s", view.tenant(), e);
            } finally {
                reads.release();
            }
        } while (!view.wakes.compareAndSet(wakes, 0));
    }

    /** Reads what was committed since. A view that can't follow its log is thrown away: the next question loads it again. */
    private void readUp(TenantView view) {
        try {
            view.readUp(scan, streams);
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (RuntimeException e) {
            views.asMap().remove(view.tenant(), view);
            snapshots.forget(view.tenant());
            throw e;
        }
    }

    private void compareUntilClosed() {
        boolean failing = false;
        try {
            do {
                try {
                    long begun = System.nanoTime();
                    compare();
                    freshAsOfNanos = begun;
                    compared.countDown();
                    failing = false;
                } catch (RuntimeException e) {
                    if (!failing) {
                        LOG.warnf("Decisions not compared with the log, trying on: cause=%s", e);
                    }
                    failing = true;
                }
            } while (!closed.await(COMPARE.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void compare() {
        Map<String, TenantView> known = Map.copyOf(views.asMap());
        Map<String, Long> last = scan.lastPositions(known.keySet());
        known.forEach((tenant, view) -> {
            if (view.position() != last.getOrDefault(tenant, -1L)) {
                try {
                    readUp(view);
                } catch (DatabaseUnavailable e) {
                    throw e;
                } catch (RuntimeException e) {
                    LOG.errorf("View thrown away: tenant=%s cause=%s", tenant, e);
                }
            }
        });
    }

    @Override
    public void close() {
        closed.countDown();
        follower.close();
        readers.shutdownNow();
    }
}
