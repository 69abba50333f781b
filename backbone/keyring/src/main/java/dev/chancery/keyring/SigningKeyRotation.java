package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Has keys of {@link SigningKeys} replaced or withdrawn, all but those of access tokens, which {@link RotatingKey} does. The core says so of the
 * public half, which every process reads, and whoever holds the private half ends it and makes the next, see {@link #settle}.
 *
 * <ul>
 *   <li>Replaced: what it signed verifies for ever. Until its holder has settled, and in other processes of the holder for as long as they hold
 *       a key in memory ({@link Keyring#CACHE_SECONDS}), it signs on.
 *   <li>Withdrawn: no append commits any more that is signed by it, nor a checkpoint, from the moment that {@link #withdraw} returns.
 * </ul>
 *
 * <p><b>Thread safety:</b> safe, in several processes too: each change is one transaction, and doing it again does nothing.
 */
public final class SigningKeyRotation {
    private static final Logger LOG = Logger.getLogger(SigningKeyRotation.class);

    /** Kinds of keys, each by the word that names them all. */
    private enum Kind {
        SOURCES("source/[a-z0-9.-]+"),
        STATEMENTS("receipt|dsar|erasure"),
        LOGS("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|instance");

        private final String names;

        Kind(String names) {
            this.names = names;
        }
    }

    /** Of the installation whose id is the first value: the keys of any kind, and of them those of a name or a kind, or all if it is empty. */
    private static final String CHOSEN;

    static {
        StringBuilder chosen = new StringBuilder("split_part(name, '/', 1) = ? AND (false");
        for (Kind kind : Kind.values()) {
            chosen.append(" OR (? IN ('', name, '%s') AND substr(name, strpos(name, '/') + 1) ~ '^(%s)$')"
                    .formatted(kind.name().toLowerCase(Locale.ROOT), kind.names));
        }
        CHOSEN = chosen.append(')').toString();
    }

    private static final String KNOWN = "SELECT name, key_id, public_key, created_at, replaced_at, verifies_until";

    private static final String OVERLAP_IS_OVER =
            "replaced_at <= now() - interval '" + SigningKeys.OVERLAP.toSeconds() + " seconds'";

    /** Well below the time that an append waits for a lock. */
    private static final int LOCK_MILLIS = 1_000;

    private static final int LOCK_ATTEMPTS = 8;
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    /** For how long after a withdrawal every process forgets the key: longer than one keeps it in memory. */
    private static final Duration FORGOTTEN_FOR = Keyring.CACHE.multipliedBy(2);

    private final Database database;
    private final SigningKeys keys;
    private final String instanceId;

    /** What a key is good for. */
    public enum State {
        SIGNS,
        /** What it signed verifies. */
        REPLACED,
        WITHDRAWN
    }

    /** @param until when it was replaced or withdrawn; empty: it signs */
    public record Known(VerifierKey key, State state, Instant createdAt, Optional<Instant> until) {}

    public SigningKeyRotation(Database database, SigningKeys keys, String instanceId) {
        this.database = database;
        this.keys = keys;
        this.instanceId = instanceId;
    }

    /**
     * The keys of a name or a kind, in the order of their names and ids.
     *
     * @param which a key's name; {@code sources}, {@code statements} or {@code logs}; empty: all of them
     * @param afterName the name of the last one that was told before, and {@code afterId} its id; empty: from the first on
     */
    public List<Known> known(String which, String afterName, int afterId, int limit) {
        return database.transaction(DatabaseRole.KEYRING, connection -> {
            try (var select = connection.prepareStatement(KNOWN + " FROM signing.key WHERE " + CHOSEN
                    + " AND (name COLLATE \"C\", key_id) > (?, ?) ORDER BY name COLLATE \"C\", key_id LIMIT ?")) {
                int next = choose(select, which);
                select.setString(next, afterName);
                select.setInt(next + 1, afterName.isEmpty() ? Integer.MIN_VALUE : afterId);
                select.setInt(next + 2, limit);
                List<Known> known = new ArrayList<>();
                try (var found = select.executeQuery()) {
                    while (found.next()) {
                        known.add(read(found));
                    }
                }
                return List.copyOf(known);
            }
        });
    }

    private int choose(PreparedStatement statement, String which) throws SQLException {
        int index = 1;
        statement.setString(index++, instanceId);
        for (Kind _ : Kind.values()) {
            statement.setString(index++, which);
        }
        return index;
    }

    private static Known read(ResultSet row) throws SQLException {
        Optional<Instant> withdrawn = instant(row, 6);
        Optional<Instant> replaced = instant(row, 5);
        State state = withdrawn.isPresent() ? State.WITHDRAWN : replaced.isPresent() ? State.REPLACED : State.SIGNS;
        return new Known(
                new VerifierKey(row.getString(1), row.getInt(2), row.getBytes(3)),
                state,
                row.getObject(4, OffsetDateTime.class).toInstant(),
                withdrawn.or(() -> replaced));
    }

    private static Optional<Instant> instant(ResultSet row, int column) throws SQLException {
        return Optional.ofNullable(row.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }

    /** Of how many keys that were made before a moment it is so that they sign. */
    public int signing(String which, long beforeMicros) {
        return database.transaction(DatabaseRole.KEYRING, connection -> {
            try (var select =
                    connection.prepareStatement("SELECT count(*) FROM signing.key WHERE " + signingBefore())) {
                select.setLong(choose(select, which), beforeMicros);
                try (var found = select.executeQuery()) {
                    found.next();
                    return found.getInt(1);
                }
            }
        });
    }

    /** Says of the keys that were made before a moment and sign that others are to sign in their place. */
    public void replace(String which, long beforeMicros) {
        int replaced = database.transaction(DatabaseRole.KEYRING, connection -> {
            try (var update = connection.prepareStatement(
                    "UPDATE signing.key SET replaced_at = now() WHERE " + signingBefore())) {
                update.setLong(choose(update, which), beforeMicros);
                return update.executeUpdate();
            }
        });
        if (replaced > 0) {
            LOG.infof("Signing keys replaced which=%s keys=%d", which, replaced);
        }
    }

    private static String signingBefore() {
        return CHOSEN + " AND replaced_at IS NULL AND verifies_until IS NULL"
                + " AND created_at < timestamptz 'epoch' + ? * interval '1 microsecond'";
    }

    /** A key of the installation, whether it signs or signed. */
    public Optional<Known> find(String name, int keyId) {
        return database.transaction(DatabaseRole.KEYRING, connection -> {
            try (var select =
                    connection.prepareStatement(KNOWN + " FROM signing.key WHERE " + CHOSEN + " AND key_id = ?")) {
                select.setInt(choose(select, name), keyId);
                try (var found = select.executeQuery()) {
                    return found.next() ? Optional.of(read(found)) : Optional.empty();
                }
            }
        });
    }

    /**
     * Says that a key counts no more. Returns when no append is under way that it signs. Withdrawn already: nothing, and no append waits.
     *
     * @throws dev.chancery.database.DatabaseUnavailable if it can't be said now, or an append doesn't come to an end
     */
    public void withdraw(String name, int keyId) {
        if (find(name, keyId).filter(known -> known.state() == State.WITHDRAWN).isPresent()) {
            keys.forget(name);
            return;
        }
        for (int attempt = 1; ; attempt++) {
            try {
                withdrawNow(name, keyId);
                return;
            } catch (DatabaseUnavailable e) {
                // Whoever waits for the lock has all later appends of the source wait, so it waits a little, and again.
                if (attempt == LOCK_ATTEMPTS || !LOCK_NOT_AVAILABLE.equals(e.sqlState())) {
                    throw e;
                }
            }
        }
    }

    private void withdrawNow(String name, int keyId) {
        boolean withdrawn = database.transaction(DatabaseRole.KEYRING, connection -> {
            try (var limit = connection.createStatement()) {
                limit.execute("SET LOCAL lock_timeout = " + LOCK_MILLIS);
            }
            lock(connection, name);
            try (var update = connection.prepareStatement("UPDATE signing.key SET verifies_until = now() WHERE "
                    + CHOSEN + " AND key_id = ? AND verifies_until IS NULL")) {
                update.setInt(choose(update, name), keyId);
                return update.executeUpdate() == 1;
            }
        });
        keys.forget(name);
        if (withdrawn) {
            LOG.warnf("Signing key withdrawn name=%s key_id=%08x", name, keyId);
        }
    }

    /** Has no withdrawal of a name's keys end before this transaction does, as each append has it by a statement of its own. */
    static void share(Connection connection, String name) throws SQLException {
        try (var lock = connection.prepareStatement("SELECT pg_advisory_xact_lock_shared(hashtextextended(?, 5))")) {
            lock.setString(1, name);
            lock.executeQuery().close();
        }
    }

    private static void lock(Connection connection, String name) throws SQLException {
        try (var lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 5))")) {
            lock.setString(1, name);
            lock.executeQuery().close();
        }
    }

    /**
     * Ends the private halves that were told to sign no more, of the keys that a role holds, and makes others where none signs then. Another
     * process may have done so already: what was withdrawn is forgotten here all the same.
     */
    public void settle(DatabaseRole holder) {
        database.transaction(holder, SigningKeyRotation::withdrawnJustNow).forEach(keys::forget);
        database.transaction(holder, SigningKeyRotation::unsettled).forEach(keys::settle);
    }

    private static List<String> withdrawnJustNow(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement("SELECT DISTINCT name FROM signing.key"
                + " WHERE verifies_until BETWEEN now() - ? * interval '1 second' AND now()")) {
            select.setLong(1, FORGOTTEN_FOR.toSeconds());
            return names(select);
        }
    }

    private static List<String> names(PreparedStatement select) throws SQLException {
        List<String> names = new ArrayList<>();
        try (var found = select.executeQuery()) {
            while (found.next()) {
                names.add(found.getString(1));
            }
        }
        return names;
    }

    private static List<String> unsettled(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement("""
                SELECT DISTINCT name FROM signing.key JOIN signing.private_key USING (name, key_id)
                WHERE (replaced_at IS NOT NULL OR verifies_until IS NOT NULL)
                AND (state = 'CURRENT' OR state = 'PREVIOUS' AND (verifies_until IS NOT NULL OR %s))""".formatted(OVERLAP_IS_OVER))) {
            return names(select);
        }
    }

    /** Ends the private halves of a name that were told to sign no more; part of the holder's transaction that makes the next. */
    static void end(Connection connection, String name) throws SQLException {
        Map<Integer, KeyState> ended = ended(connection, name);
        for (Map.Entry<Integer, KeyState> key : ended.entrySet()) {
            try (var update = connection.prepareStatement("""
                    UPDATE signing.private_key SET state = ?, wrapped = CASE WHEN ? THEN NULL ELSE wrapped END
                    WHERE name = ? AND key_id = ?""")) {
                update.setString(1, key.getValue().name());
                update.setBoolean(2, key.getValue() == KeyState.DESTROYED);
                update.setString(3, name);
                update.setInt(4, key.getKey());
                update.executeUpdate();
            }
            LOG.infof("Signing key ended name=%s key_id=%08x state=%s", name, key.getKey(), key.getValue());
        }
    }

    /** What becomes of which private halves, by their keys' ids. */
    private static Map<Integer, KeyState> ended(Connection connection, String name) throws SQLException {
        try (var select = connection.prepareStatement("""
                SELECT key_id, state, verifies_until IS NOT NULL, replaced_at IS NOT NULL, coalesce(%s, false)
                FROM signing.private_key JOIN signing.key USING (name, key_id)
                WHERE name = ? AND state IN ('CURRENT', 'PREVIOUS') ORDER BY state FOR UPDATE OF private_key""".formatted(OVERLAP_IS_OVER))) {
            select.setString(1, name);
            Map<Integer, KeyState> ended = new HashMap<>();
            try (var found = select.executeQuery()) {
                while (found.next()) {
                    boolean withdrawn = found.getBoolean(3);
                    boolean replaced = found.getBoolean(4);
                    boolean overlaps = SigningKeys.isOfALog(name) && !withdrawn && !found.getBoolean(5);
                    if (KeyState.valueOf(found.getString(2)) == KeyState.CURRENT) {
                        if (withdrawn || replaced) {
                            ended.put(found.getInt(1), overlaps ? KeyState.PREVIOUS : KeyState.DESTROYED);
                        }
                    } else if (!overlaps || !ended.isEmpty()) {
                        // Two sign at most: the overlap of one ends where the next is turned.
                        ended.put(found.getInt(1), KeyState.DESTROYED);
                    }
                }
            }
            return ended;
        }
    }
}
