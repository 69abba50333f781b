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
import org.jspecify.annotations.Nullable;

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

    /** What is cached of one stream: its state under each fold it was read with. */
    private record Cached(Map<Fold<?, StoredEvent>, Loaded<?>> states, boolean moved) {}

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
        Cached cached = cache.getIfPresent(key);
        Loaded<S> known = cached == null ? null : stateOf(cached, fold);
        if (known != null && cached != null && !cached.moved()) {
            return known;
        }
        Loaded<S> from = known == null ? new Loaded<>(fold.initial(), 0) : known;
        Loaded<S> loaded = evolved(from, fold, read(tenant, stream, from.version()));
        cache.put(key, new Cached(Map.of(fold, loaded), false));
        return loaded;
    }

    /** A stream's state as PostgreSQL has it now. For what is not appended, and so not checked against a basis. */
    public <S> Loaded<S> current(String tenant, StreamId stream, Fold<S, StoredEvent> fold) {
        moved(tenant, List.of(stream));
        return load(tenant, stream, fold);
    }

    /** Makes the next reads of these streams go to PostgreSQL, for what came after what is cached. */
    public void moved(String tenant, Collection<StreamId> streams) {
        for (StreamId stream : streams) {
            cache.asMap().computeIfPresent(new Key(tenant, stream), (key, cached) -> new Cached(cached.states(), true));
        }
    }

    /** Takes over what this process has just appended to a stream, so that nobody has to read it back. */
    public void appended(String tenant, StreamId stream, List<StoredEvent> events) {
        cache.asMap().computeIfPresent(new Key(tenant, stream), (key, cached) -> {
            Map<Fold<?, StoredEvent>, Loaded<?>> states = new HashMap<>();
            cached.states().forEach((fold, loaded) -> {
                if (loaded.version() + 1 == events.getFirst().version()) {
                    states.put(fold, evolvedAny(loaded, fold, events));
                }
            });
            return states.isEmpty() ? null : new Cached(states, cached.moved());
        });
    }

    @SuppressWarnings("unchecked")
    private static <S> @Nullable Loaded<S> stateOf(Cached cached, Fold<S, StoredEvent> fold) {
        return (Loaded<S>) cached.states().get(fold);
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
        try (PreparedStatement query = connection.prepareStatement("""
                SELECT e.version, e.type, e.ordinal, e.position, r.record
                FROM log.event e JOIN log.record r ON r.tenant = e.tenant AND r.position = e.position
                WHERE e.tenant = ? AND e.stream = ? AND e.version > ? ORDER BY e.version""")) {
            query.setString(1, tenant);
            query.setString(2, stream.value());
            query.setLong(3, afterVersion);
            List<StoredEvent> events = new ArrayList<>();
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    var record = StoredRecord.parse(rows.getBytes(5));
                    events.add(new StoredEvent(
                            rows.getString(2),
                            record.bodies().get(rows.getInt(3)),
                            rows.getLong(4),
                            rows.getLong(1),
                            record.entryId()));
                }
            }
            return events;
        }
    }
}
