package dev.chancery.log;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /** A stream's state at a version; version 0 is an empty stream. */
    public record Loaded<S>(S state, long version) {}

    /**
     * An event as it was stored.
     *
     * @param entryId of the record that carries it; its sealed values are bound to it
     */
    public record StoredEvent(String type, ByteString body, long position, long version, UUID entryId) {}

    private record Key(String tenant, StreamId stream) {}

    /**
     * A state and what was known when its reading began.
     *
     * @param asOf the stream's {@code moves} then; less than now: it may be behind what somebody was told
     */
    private record Held(Loaded<?> loaded, long asOf) {}

    /**
     * What is cached of one stream: its state under each fold it was read with.
     *
     * @param moves how often the stream was said to have moved
     */
    private record Cached(Map<Fold<?, StoredEvent>, Held> states, long moves) {
        static final Cached NOTHING = new Cached(Map.of(), 0);

        Cached with(Fold<?, StoredEvent> fold, Held fresh) {
            Held known = states.get(fold);
            if (known != null
                    && known.asOf() >= fresh.asOf()
                    && known.loaded().version() >= fresh.loaded().version()) {
                return this;
            }
            Map<Fold<?, StoredEvent>, Held> all = new HashMap<>(states);
            all.put(fold, fresh);
            return new Cached(all, moves);
        }
    }

    private final Database database;
    private final DatabaseRole role;
    private final Cache<Key, Cached> cache =
            Caffeine.newBuilder().maximumSize(MAX_CACHED).build();

    public Streams(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    /** A stream's state; {@code fold} is a constant, one for each kind of stream. */
    public <S> Loaded<S> load(String tenant, StreamId stream, Fold<S, StoredEvent> fold) {
        var key = new Key(tenant, stream);
        Cached cached = cache.get(key, k -> Cached.NOTHING);
        Held held = cached.states().get(fold);
        Loaded<S> known = held == null ? new Loaded<>(fold.initial(), 0) : loadedWith(fold, held);
        if (held != null && held.asOf() == cached.moves()) {
            return known;
        }
        Loaded<S> loaded = evolved(known, fold, read(tenant, stream, known.version()));
        var fresh = new Held(loaded, cached.moves());
        cache.asMap().compute(key, (k, now) -> (now == null ? Cached.NOTHING : now).with(fold, fresh));
        return loaded;
    }

    /** A stream's state as PostgreSQL has it now. For what is not appended, and so not checked against a basis. */
    public <S> Loaded<S> current(String tenant, StreamId stream, Fold<S, StoredEvent> fold) {
        moved(tenant, List.of(stream));
        return load(tenant, stream, fold);
    }

    /** Makes reads of these streams that begin from now on go to PostgreSQL, for what came after what is cached. */
    public void moved(String tenant, Collection<StreamId> streams) {
        for (StreamId stream : streams) {
            cache.asMap().compute(new Key(tenant, stream), (key, cached) -> {
                Cached now = cached == null ? Cached.NOTHING : cached;
                return new Cached(now.states(), now.moves() + 1);
            });
        }
    }

    /** Takes over what this process has just appended to a stream, so that nobody has to read it back. */
    public void appended(String tenant, StreamId stream, List<StoredEvent> events) {
        cache.asMap().computeIfPresent(new Key(tenant, stream), (key, cached) -> {
            Map<Fold<?, StoredEvent>, Held> states = new HashMap<>(cached.states());
            states.replaceAll((fold, held) ->
                    held.loaded().version() + 1 == events.getFirst().version()
                            ? new Held(evolvedAny(held.loaded(), fold, events), held.asOf())
                            : held);
            return new Cached(states, cached.moves());
        });
    }

    @SuppressWarnings("unchecked") // with puts under a fold what that fold made
    private static <S> Loaded<S> loadedWith(Fold<S, StoredEvent> fold, Held held) {
        return (Loaded<S>) held.loaded();
    }

    @SuppressWarnings("unchecked")
    private static <S> Loaded<S> evolvedAny(Loaded<?> from, Fold<S, StoredEvent> fold, List<StoredEvent> events) {
        return evolved((Loaded<S>) from, fold, events);
    }

    private static <S> Loaded<S> evolved(Loaded<S> from, Fold<S, StoredEvent> fold, List<StoredEvent> events) {
        S state = from.state();
        long version = from.version();
        for (StoredEvent event : events) {
            state = fold.evolve(state, event);
            version = event.version();
        }
        return new Loaded<>(state, version);
    }

    private List<StoredEvent> read(String tenant, StreamId stream, long afterVersion) {
        return database.inTenant(role, tenant, connection -> select(connection, tenant, stream, afterVersion));
    }

    private static List<StoredEvent> select(Connection connection, String tenant, StreamId stream, long afterVersion)
            throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(EventRows.selectIn("e.version")
                + " e.tenant = ? AND e.stream = ? AND e.version > ? ORDER BY e.version")) {
            query.setString(1, tenant);
            query.setString(2, stream.value());
            query.setLong(3, afterVersion);
            List<StoredEvent> events = new ArrayList<>();
            var reader = new EventRows();
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    events.add(reader.read(rows));
                }
            }
            return events;
        }
    }
}
