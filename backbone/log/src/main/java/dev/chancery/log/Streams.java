package dev.chancery.log;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.SqlBatch;
import dev.chancery.database.TenantQueues;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads streams, folded into states, through a bounded cache.
 *
 * <p>A cached state may be behind. That is safe for whatever is appended, since the version it was read at goes into the
 * command's basis and append refuses a basis that has moved; {@link #moved} then makes the next read go to PostgreSQL. It is not for
 * answering questions: those go to the views.
 */
public final class Streams {
    /** States kept. */
    private static final int MAX_CACHED = 100_000;

    /** Streams in one query; those of a tenant that are asked for while one runs go together next. */
    private static final int MAX_GROUP = 64;

    /** A stream's state at a version; version 0 is an empty stream. */
    public record Loaded<S>(S state, long version) {}

    /**
     * An event as it was stored.
     *
     * @param entryId of the record that carries it; its sealed values are bound to it
     */
    public record StoredEvent(String type, ByteString body, long position, long version, UUID entryId)
            implements LogEvent {}

    private record Key(String tenant, StreamId stream) {}

    private record Wanted(StreamId stream, long afterVersion) {}

    /**
     * A state and what was known when its reading began.
     *
     * @param asOf the stream's {@code moves} then; less than now: it may be behind what somebody was told
     */
    private record Held(Loaded<?> loaded, long asOf) {}

    /**
     * A stream that was begun here, as long as it is short: whoever asks first need not read it.
     *
     * @param asOf as in {@link Held}
     */
    private record Whole(List<StoredEvent> events, long asOf) {
        /** Events kept. */
        static final int MAX = 8;
    }

    /**
     * What is cached of one stream: its state under each fold it was read with.
     *
     * @param whole all of its events, when they are known
     * @param moves how often the stream was said to have moved
     */
    private record Cached(Map<Fold<?, ? super StoredEvent>, Held> states, Optional<Whole> whole, long moves) {
        static final Cached NOTHING = new Cached(Map.of(), Optional.empty(), 0);

        Cached with(Fold<?, ? super StoredEvent> fold, Held fresh) {
            Held known = states.get(fold);
            if (known != null
                    && known.asOf() >= fresh.asOf()
                    && known.loaded().version() >= fresh.loaded().version()) {
                return this;
            }
            Map<Fold<?, ? super StoredEvent>, Held> all = new HashMap<>(states);
            all.put(fold, fresh);
            return new Cached(all, whole, moves);
        }

        Cached moved() {
            return new Cached(states, whole, moves + 1);
        }

        Cached with(List<StoredEvent> events) {
            Map<Fold<?, ? super StoredEvent>, Held> all = new HashMap<>(states);
            all.replaceAll((fold, held) ->
                    held.loaded().version() + 1 == events.getFirst().version()
                            ? new Held(evolvedAny(held.loaded(), fold, events), held.asOf())
                            : held);
            return new Cached(all, wholeWith(events), moves);
        }

        private Optional<Whole> wholeWith(List<StoredEvent> events) {
            List<StoredEvent> before = whole.map(Whole::events).orElse(List.of());
            if (before.size() + 1 != events.getFirst().version() || before.size() + events.size() > Whole.MAX) {
                return Optional.empty();
            }
            List<StoredEvent> all = new ArrayList<>(before);
            all.addAll(events);
            return Optional.of(
                    new Whole(List.copyOf(all), whole.map(Whole::asOf).orElse(moves)));
        }

        /** The state under a fold as far as it is known here. */
        <S> Optional<Held> known(Fold<S, ? super StoredEvent> fold) {
            return Optional.ofNullable(states.get(fold))
                    .or(() -> whole.map(
                            all -> new Held(evolved(new Loaded<>(fold.initial(), 0), fold, all.events()), all.asOf())));
        }
    }

    private final Database database;
    private final DatabaseRole role;
    private final TenantQueues<Wanted, List<StoredEvent>> reads = new TenantQueues<>(MAX_GROUP, this::read);
    private final Cache<Key, Cached> cache =
            Caffeine.newBuilder().maximumSize(MAX_CACHED).build();

    public Streams(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    /** A stream's state; {@code fold} is a constant, one for each kind of stream. */
    public <S> Loaded<S> load(String tenant, StreamId stream, Fold<S, ? super StoredEvent> fold) {
        var key = new Key(tenant, stream);
        Cached cached = cache.get(key, k -> Cached.NOTHING);
        Optional<Held> held = cached.known(fold);
        Loaded<S> known = held.<Loaded<S>>map(Streams::loadedAs).orElseGet(() -> new Loaded<>(fold.initial(), 0));
        if (held.isPresent() && held.get().asOf() == cached.moves()) {
            return known;
        }
        Loaded<S> loaded = evolved(known, fold, reads.run(tenant, new Wanted(stream, known.version())));
        var fresh = new Held(loaded, cached.moves());
        cache.asMap().compute(key, (k, now) -> (now == null ? Cached.NOTHING : now).with(fold, fresh));
        return loaded;
    }

    /** A stream's state as PostgreSQL has it now. For what is not appended, and so not checked against a basis. */
    public <S> Loaded<S> current(String tenant, StreamId stream, Fold<S, ? super StoredEvent> fold) {
        moved(tenant, List.of(stream));
        return load(tenant, stream, fold);
    }

    /** Makes reads of these streams that begin from now on go to PostgreSQL, for what came after what is cached. */
    public void moved(String tenant, Collection<StreamId> streams) {
        for (StreamId stream : streams) {
            cache.asMap().compute(new Key(tenant, stream), (key, cached) -> (cached == null ? Cached.NOTHING : cached)
                    .moved());
        }
    }

    /** Takes over what this process has just appended to a stream, so that nobody has to read it back. */
    public void appended(String tenant, StreamId stream, List<StoredEvent> events) {
        cache.asMap().compute(new Key(tenant, stream), (key, cached) -> (cached == null ? Cached.NOTHING : cached)
                .with(events));
    }

    @SuppressWarnings("unchecked") // with puts under a fold what that fold made
    private static <S> Loaded<S> loadedAs(Held held) {
        return (Loaded<S>) held.loaded();
    }

    @SuppressWarnings("unchecked")
    private static <S> Loaded<S> evolvedAny(
            Loaded<?> from, Fold<S, ? super StoredEvent> fold, List<StoredEvent> events) {
        return evolved((Loaded<S>) from, fold, events);
    }

    private static <S> Loaded<S> evolved(Loaded<S> from, Fold<S, ? super StoredEvent> fold, List<StoredEvent> events) {
        S state = from.state();
        long version = from.version();
        for (StoredEvent event : events) {
            state = fold.evolve(state, event);
            version = event.version();
        }
        return new Loaded<>(state, version);
    }

    /** Each stream's events after the version it is known at. */
    private List<List<StoredEvent>> read(String tenant, List<Wanted> streams) {
        List<List<StoredEvent>> events = streams.stream()
                .<List<StoredEvent>>map(wanted -> new ArrayList<>())
                .toList();
        var reader = new EventRows();
        // OFFSET keeps PostgreSQL from joining otherwise than by key; see EventRows.
        database.atOnce(
                role,
                tenant,
                new SqlBatch()
                        .query(
                                row -> events.get(row.getInt(7) - 1).add(reader.read(row)),
                                EventRows.selectIn("wanted.n, e.version") + """
                                , wanted.n
                                FROM unnest(?::text[], ?::int8[]) WITH ORDINALITY AS wanted (stream, version, n)
                                CROSS JOIN LATERAL (
                                    SELECT * FROM log.event e
                                    WHERE e.tenant = ? AND e.stream = wanted.stream AND e.version > wanted.version
                                    OFFSET 0
                                ) AS e
                                ORDER BY wanted.n, e.version""",
                                SqlBatch.texts(
                                        streams, wanted -> wanted.stream().value()),
                                SqlBatch.numbers(streams, Wanted::afterVersion),
                                SqlBatch.text(tenant)));
        return events;
    }
}
