package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * A signing key that is replaced now and then. Two live at a time: one signs, and the next is known to all who verify before it does.
 * One that was replaced verifies for {@link #VERIFIES_ON} longer, its private half is gone at once; one that was withdrawn verifies no
 * more.
 *
 * <p><b>Thread safety:</b> safe, in several processes too: each change is one transaction.
 */
public final class RotatingKey {
    /** Longer than anything lives that such a key signs. */
    public static final Duration VERIFIES_ON = Duration.ofHours(1);

    private static final Logger LOG = Logger.getLogger(RotatingKey.class);

    private final Database database;
    private final Sealer.Ring ring;
    private final SigningKeys keys;
    private final String name;

    /** What a key is good for. */
    public enum State {
        CURRENT,
        NEXT,
        /** Verifies until a moment, and signs no more. */
        REPLACED
    }

    /** @param until exclusive; empty: without end */
    public record Known(VerifierKey key, State state, Instant createdAt, Optional<Instant> until) {}

    public RotatingKey(Database database, Sealer sealer, SigningKeys keys, String name) {
        this.database = database;
        this.ring = sealer.installationRing();
        this.keys = keys;
        this.name = name;
    }

    /** The key that signs now; made, with the next, where there is none. Not cached for longer than it is the one. */
    public Signer signer() {
        Signer signer = keys.signer(name);
        Optional<Integer> current = change(connection -> {
            if (inState(connection, "PENDING").isEmpty()) {
                insertNext(connection);
            }
            return inState(connection, "CURRENT");
        });
        if (!current.equals(Optional.of(signer.verifierKey().keyId()))) {
            keys.forget(name);
            signer = keys.signer(name);
        }
        return signer;
    }

    /** The keys that verify now, the one that signs first, then the next. */
    public List<Known> known() {
        return database.transaction(DatabaseRole.KEYRING, connection -> {
            try (var select = connection.prepareStatement("""
                    SELECT key_id, public_key, state, created_at, verifies_until
                    FROM signing.key JOIN signing.private_key USING (name, key_id)
                    WHERE name = ? AND (verifies_until IS NULL OR verifies_until > now())
                    ORDER BY array_position(ARRAY['CURRENT', 'PENDING'], state), created_at DESC""")) {
                select.setString(1, name);
                List<Known> known = new ArrayList<>();
                try (var found = select.executeQuery()) {
                    while (found.next()) {
                        known.add(new Known(
                                new VerifierKey(name, found.getInt(1), found.getBytes(2)),
                                switch (found.getString(3)) {
                                    case "CURRENT" -> State.CURRENT;
                                    case "PENDING" -> State.NEXT;
                                    default -> State.REPLACED;
                                },
                                found.getObject(4, OffsetDateTime.class).toInstant(),
                                Optional.ofNullable(found.getObject(5, OffsetDateTime.class))
                                        .map(OffsetDateTime::toInstant)));
                    }
                }
                return List.copyOf(known);
            }
        });
    }

    /** Has the next key sign, in place of {@code from}; does nothing where that one signs no more. */
    public void rotate(int from) {
        boolean rotated = change(connection -> {
            lock(connection);
            if (!inState(connection, "CURRENT").equals(Optional.of(from))) {
                return false;
            }
            retire(connection, from, VERIFIES_ON);
            promote(connection);
            return true;
        });
        keys.forget(name);
        if (rotated) {
            LOG.infof("Signing key replaced name=%s key_id=%08x", name, from);
        }
    }

    /** Has nothing count any more that a key signed, from now on. One that signs is replaced; doing it again does nothing. */
    public void withdraw(int keyId) {
        var _ = change(connection -> {
            lock(connection);
            boolean current = inState(connection, "CURRENT").equals(Optional.of(keyId));
            boolean next = inState(connection, "PENDING").equals(Optional.of(keyId));
            retire(connection, keyId, Duration.ZERO);
            if (current) {
                promote(connection);
            } else if (next) {
                insertNext(connection);
            }
            return true;
        });
        keys.forget(name);
        LOG.warnf("Signing key withdrawn name=%s key_id=%08x", name, keyId);
    }

    private <T> T change(Database.Work<T> change) {
        return StaleRing.retrying(ring, () -> database.transaction(DatabaseRole.KEYRING, change));
    }

    private void lock(Connection connection) throws SQLException {
        try (var lock = connection.prepareStatement("SELECT 1 FROM signing.private_key WHERE name = ? FOR UPDATE")) {
            lock.setString(1, name);
            lock.executeQuery().close();
        }
    }

    private Optional<Integer> inState(Connection connection, String state) throws SQLException {
        try (var select =
                connection.prepareStatement("SELECT key_id FROM signing.private_key WHERE name = ? AND state = ?")) {
            select.setString(1, name);
            select.setString(2, state);
            try (var found = select.executeQuery()) {
                return found.next() ? Optional.of(found.getInt(1)) : Optional.empty();
            }
        }
    }

    private void retire(Connection connection, int keyId, Duration verifiesOn) throws SQLException {
        try (var update = connection.prepareStatement("""
                UPDATE signing.key SET verifies_until = least(verifies_until, now() + ? * interval '1 second')
                WHERE name = ? AND key_id = ?""")) {
            update.setLong(1, verifiesOn.toSeconds());
            update.setString(2, name);
            update.setInt(3, keyId);
            update.executeUpdate();
        }
        try (var update = connection.prepareStatement("""
                UPDATE signing.private_key SET state = 'DESTROYED', wrapped = NULL WHERE name = ? AND key_id = ?""")) {
            update.setString(1, name);
            update.setInt(2, keyId);
            update.executeUpdate();
        }
    }

    private void promote(Connection connection) throws SQLException {
        try (var update = connection.prepareStatement(
                "UPDATE signing.private_key SET state = 'CURRENT' WHERE name = ? AND state = 'PENDING'")) {
            update.setString(1, name);
            if (update.executeUpdate() != 1) {
                throw new IllegalStateException("there is no next key: ask for the signer first");
            }
        }
        insertNext(connection);
    }

    private void insertNext(Connection connection) throws SQLException {
        SigningKeys.Made made = SigningKeys.made(ring, FollowedRing.newest(connection, ring), name);
        try (var insert = connection.prepareStatement("""
                WITH made AS (
                    INSERT INTO signing.private_key (name, key_id, state, wrapped, sealed_by)
                    VALUES (?, ?, 'PENDING', ?, ?)
                    ON CONFLICT DO NOTHING RETURNING name, key_id)
                INSERT INTO signing.key (name, key_id, public_key) SELECT name, key_id, ? FROM made""")) {
            insert.setString(1, name);
            insert.setInt(2, made.key().keyId());
            insert.setBytes(3, made.wrapped());
            insert.setInt(4, made.sealedBy());
            insert.setBytes(5, made.key().publicKey());
            insert.executeUpdate();
        }
    }
}
