package dev.chancery.decision;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.projection.LogFollower;
import dev.chancery.projection.LogRecord;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Answers checks from memory. A tenant's view is loaded from the log when it is first asked about and follows the log's topic from
 * then on; a gap throws the view away, and the next question loads it again.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_TENANTS} tenants in memory.
 */
public final class DecisionPoint implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(DecisionPoint.class);

    static final int MAX_TENANTS = 1_000;

    /** Streams whose states are in memory at once, over all tenants, roughly: a view is weighed when it is loaded. */
    private static final long MAX_STATES = 2_000_000;

    private final StreamScan scan;
    private final List<Part<?>> parts;
    private final List<String> streams;
    private final LogFollower follower;
    private final LoadingCache<String, TenantView> views;

    /**
     * @param featureParts what features decide by, beyond authority
     * @throws IllegalArgumentException if two parts cover the same streams
     */
    public DecisionPoint(
            StreamScan scan, Properties kafka, String topic, String pulseTopic, List<Part<?>> featureParts) {
        this.scan = scan;
        this.parts = Stream.concat(AuthorityParts.ALL.stream(), featureParts.stream())
                .toList();
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
        this.follower = new LogFollower(kafka, topic, pulseTopic, this::follow, this::startOver);
    }

    public void start() {
        follower.start();
    }

    /** Whether what is answered now takes into account all that was committed up to {@link LogFollower#MAX_AGE} ago. */
    public boolean healthy() {
        return follower.healthy();
    }

    /**
     * What decisions about a principal rest on, as of at least a position.
     *
     * @param atLeast the position that must have been seen
     * @return empty when that position was not seen within {@code atMost}, or what has been seen is stale
     */
    public Optional<AuthorityAt> authority(String tenant, String principalId, OptionalLong atLeast, Duration atMost) {
        TenantView view = view(tenant);
        if (atLeast.isPresent() && !view.await(atLeast.getAsLong(), atMost.toMillis())) {
            return Optional.empty();
        }
        return healthy() ? Optional.of(view.authority(principalId)) : Optional.empty();
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
        if (atLeast.isPresent() && !view.await(atLeast.getAsLong(), atMost.toMillis())) {
            return Optional.empty();
        }
        return healthy() ? Optional.of(view.state(part, id)) : Optional.empty();
    }

    /** The position that the tenant's view has seen. */
    long position(String tenant) {
        return view(tenant).position();
    }

    /**
     * A tenant's view, caught up. A record may arrive while its tenant is being loaded, too late for the load and too early for the
     * listener; so once the view is where the listener finds it, what has come since is read after all.
     */
    private TenantView view(String tenant) {
        TenantView view = views.get(tenant);
        if (!view.isFollowed()) {
            synchronized (view) {
                if (!view.isFollowed()) {
                    view.reached(scan.scan(tenant, streams, view.position(), view::apply));
                    view.setFollowed();
                }
            }
        }
        return view;
    }

    private TenantView load(String tenant) {
        var view = new TenantView(tenant, parts);
        view.reached(scan.scan(tenant, streams, -1, view::apply));
        return view;
    }

    private void startOver() {
        views.invalidateAll();
    }

    private void follow(LogRecord record) {
        TenantView view = views.getIfPresent(record.tenant());
        if (view == null) {
            return;
        }
        synchronized (view) {
            if (record.position() <= view.position()) {
                return;
            }
            if (record.position() > view.position() + 1) {
                LOG.warnf("View thrown away at a gap: tenant=%s position=%d", record.tenant(), record.position());
                views.invalidate(record.tenant());
                return;
            }
            var id = record.statement().getEntryId().asReadOnlyByteBuffer();
            var entryId = new UUID(id.getLong(), id.getLong());
            record.events()
                    .forEach(event -> view.apply(
                            new StreamId(event.stream()),
                            new StoredEvent(event.type(), event.body(), event.position(), event.version(), entryId)));
            view.reached(record.position());
        }
    }

    @Override
    public void close() {
        follower.close();
    }
}
