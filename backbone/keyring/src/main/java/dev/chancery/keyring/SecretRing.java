package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.KeyRef;
import dev.chancery.schema.log.v1.Sealed;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The keys of the vault's secrets: one for each version of a secret, wrapped by its environment's, which the sealer wraps. A value is
 * sealed by the key of its version alone, so that destroying that key ends the value, in every copy and backup of what was sealed.
 *
 * <pre>
 *   sealer → environment key (versions; current, previous, destroyed) → data key of a secret's version → value
 * </pre>
 *
 * <p>All methods throw {@link dev.chancery.database.DatabaseUnavailable} when PostgreSQL can't be asked.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class SecretRing {
    /** Environments whose keys are held unwrapped at a time, each for {@link Keyring#CACHE_SECONDS} at most. */
    public static final int ENVIRONMENTS_CACHED = 1_000;
    /** The longest value that is sealed. */
    public static final int MAX_VALUE_BYTES = Keyring.MAX_PLAINTEXT_BYTES;
    /** Data keys that one transaction brings under another key. */
    static final int BATCH = 100;

    private static final int ATTEMPTS = 3;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Database database;
    private final EnvironmentKeys environments;

    /** What a version of an environment's key still wraps. */
    public record Census(int version, boolean current, long wraps) {}

    @SuppressWarnings("ArrayRecordComponent") // read, unwrapped, dropped; never compared
    private record DataKey(byte[] wrapped, int wrappedBy) {}

    public SecretRing(Database database, Sealer sealer) {
        this.database = database;
        environments = new EnvironmentKeys(database, sealer);
    }

    /** A value that nobody has made up: 256 random bits as 43 characters of base64url. The caller zeroes it. */
    public static byte[] generate() {
        byte[] random = new byte[SecretBytes.KEY_BYTES];
        RANDOM.nextBytes(random);
        try {
            return Base64.getUrlEncoder().withoutPadding().encode(random);
        } finally {
            Arrays.fill(random, (byte) 0);
        }
    }

    /**
     * Seals a value. Its version's key is committed when this returns; a version that was sealed already, by a write that then did not
     * happen, keeps its key.
     *
     * @param value at most {@link #MAX_VALUE_BYTES}; not kept
     * @throws KeyDestroyed if the version was destroyed
     */
    public Sealed seal(SecretPlace where, byte[] value) {
        if (value.length > MAX_VALUE_BYTES) {
            throw new IllegalArgumentException("a secret has at most " + MAX_VALUE_BYTES + " bytes");
        }
        SecretBytes key = unwrap(where, existing(where, true));
        byte[] padded = Padding.pad(value);
        try {
            return SealedParts.toMessage(
                    KeyRef.newBuilder().setVersion(where.version()), CommittingAead.seal(key, where.ofValue(), padded));
        } finally {
            Arrays.fill(padded, (byte) 0);
            key.destroy();
        }
    }

    /**
     * Opens a value. The caller zeroes it.
     *
     * @throws SealBroken if it was not sealed for this place, or was altered
     * @throws KeyDestroyed if the version was destroyed
     * @throws KeyMissing if it never had a key
     */
    public byte[] open(SecretPlace where, Sealed sealed) {
        KeyRef ref = sealed.getKey();
        if (ref.getVersion() != where.version() || !ref.getSubject().isEmpty() || ref.getRetentionValue() != 0) {
            throw new SealBroken();
        }
        byte[] parts = SealedParts.of(sealed);
        SecretBytes key = unwrap(where, existing(where, false));
        byte[] padded;
        try {
            padded = CommittingAead.open(key, where.ofValue(), parts);
        } finally {
            key.destroy();
        }
        try {
            return Padding.unpad(padded);
        } finally {
            Arrays.fill(padded, (byte) 0);
        }
    }

    /** Destroys a version's key, for ever. Doing it again does nothing. */
    public void destroy(SecretPlace where) {
        database.inTenant(DatabaseRole.VAULT, where.tenant(), connection -> {
            try (var update = connection.prepareStatement(
                    "UPDATE secretring.data_key SET state = 'DESTROYED', wrapped = NULL, wrapped_by = NULL"
                            + " WHERE tenant = ? AND environment = ? AND secret = ? AND version = ?")) {
                place(update, where);
                return update.executeUpdate();
            }
        });
    }

    /** Makes a version of an environment's key the current one. Made already: nothing. */
    public void rotate(String tenant, String environment, int version) {
        environments.advance(new EnvironmentKeys.Of(tenant, environment), version);
    }

    /** What each version of an environment's key wraps, the oldest first; destroyed ones are left out. */
    public List<Census> census(String tenant, String environment) {
        return database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            try (var select = connection.prepareStatement("""
                    SELECT version, state = 'CURRENT', (SELECT count(*) FROM secretring.data_key d
                        WHERE d.tenant = e.tenant AND d.environment = e.environment AND d.wrapped_by = e.version)
                    FROM secretring.environment_key e
                    WHERE tenant = ? AND environment = ? AND state <> 'DESTROYED' ORDER BY version""")) {
                select.setString(1, tenant);
                select.setString(2, environment);
                List<Census> census = new ArrayList<>();
                try (var rows = select.executeQuery()) {
                    while (rows.next()) {
                        census.add(new Census(rows.getInt(1), rows.getBoolean(2), rows.getLong(3)));
                    }
                }
                return census;
            }
        });
    }

    /**
     * Brings data keys under the environment's current key; values stay as they are.
     *
     * @param atMost how many
     * @return how many it was
     */
    public int rewrap(String tenant, String environment, int atMost) {
        var of = new EnvironmentKeys.Of(tenant, environment);
        environments.forget(of);
        // Here, so that a transaction never waits for another's connection.
        EnvironmentKeys.Key current = environments.current(of);
        int done = 0;
        int batch;
        do {
            int size = Math.min(BATCH, atMost - done);
            batch = database.inTenant(DatabaseRole.VAULT, tenant, connection -> rewrap(connection, of, current, size));
            done += batch;
        } while (batch > 0 && done < atMost);
        return done;
    }

    private int rewrap(Connection connection, EnvironmentKeys.Of of, EnvironmentKeys.Key current, int size)
            throws SQLException {
        if (size == 0 || !isCurrent(connection, of, current.version())) {
            return 0;
        }
        try (var select = connection.prepareStatement(
                        "SELECT secret, version, wrapped, wrapped_by FROM secretring.data_key WHERE tenant = ? AND environment = ?"
                                + " AND wrapped_by <> ? ORDER BY secret, version LIMIT ? FOR UPDATE SKIP LOCKED");
                var update = connection.prepareStatement(
                        "UPDATE secretring.data_key SET wrapped = ?, wrapped_by = ? WHERE tenant = ? AND secret = ? AND version = ?")) {
            select.setString(1, of.tenant());
            select.setString(2, of.environment());
            select.setInt(3, current.version());
            select.setInt(4, size);
            int count = 0;
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    var where = new SecretPlace(of.tenant(), of.environment(), rows.getString(1), rows.getInt(2));
                    update.setBytes(1, rewrapped(where, new DataKey(rows.getBytes(3), rows.getInt(4)), current));
                    update.setInt(2, current.version());
                    update.setString(3, of.tenant());
                    update.setString(4, where.secret());
                    update.setInt(5, where.version());
                    update.addBatch();
                    count++;
                }
            }
            update.executeBatch();
            return count;
        }
    }

    private byte[] rewrapped(SecretPlace where, DataKey key, EnvironmentKeys.Key current) {
        SecretBytes unwrapped = unwrap(where, key);
        byte[] bytes = unwrapped.getEncoded();
        try {
            return CommittingAead.seal(current.bytes(), where.ofKey(), bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
            unwrapped.destroy();
        }
    }

    /**
     * Destroys an older version of an environment's key, for ever, if it wraps nothing. Destroyed already: nothing.
     *
     * @return whether it is destroyed now; false: it is current, or wraps something
     */
    public boolean retire(String tenant, String environment, int version) {
        var of = new EnvironmentKeys.Of(tenant, environment);
        boolean destroyed = database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            // Whoever wraps by it holds its row until the data key is committed.
            try (var update = connection.prepareStatement(
                    "UPDATE secretring.environment_key e SET state = 'DESTROYED', wrapped = NULL WHERE tenant = ? AND environment = ?"
                            + " AND version = ? AND state <> 'CURRENT' AND NOT EXISTS (SELECT FROM secretring.data_key d"
                            + " WHERE d.tenant = e.tenant AND d.environment = e.environment AND d.wrapped_by = e.version)")) {
                update.setString(1, tenant);
                update.setString(2, environment);
                update.setInt(3, version);
                return update.executeUpdate() == 1;
            }
        });
        environments.forget(of);
        return destroyed;
    }

    private SecretBytes unwrap(SecretPlace where, DataKey key) {
        SecretBytes wrapping = environments
                .version(new EnvironmentKeys.Of(where.tenant(), where.environment()), key.wrappedBy())
                .bytes();
        return SecretBytes.owning(CommittingAead.open(wrapping, where.ofKey(), key.wrapped()));
    }

    private DataKey existing(SecretPlace where, boolean make) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Optional<DataKey> found =
                    database.inTenant(DatabaseRole.VAULT, where.tenant(), connection -> select(connection, where));
            if (found.isPresent()) {
                return found.get();
            }
            if (!make) {
                throw new KeyMissing();
            }
            insert(where);
        }
        throw new IllegalStateException("an environment's key changes faster than one can wrap by it");
    }

    private static Optional<DataKey> select(Connection connection, SecretPlace where) throws SQLException {
        try (var select = connection.prepareStatement("SELECT wrapped, wrapped_by FROM secretring.data_key"
                + " WHERE tenant = ? AND environment = ? AND secret = ? AND version = ?")) {
            place(select, where);
            try (var row = select.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                byte[] wrapped = row.getBytes(1);
                if (wrapped == null) {
                    throw new KeyDestroyed();
                }
                return Optional.of(new DataKey(wrapped, row.getInt(2)));
            }
        }
    }

    /** Nothing if the environment's key is not the current one any more, which is then read again. */
    private void insert(SecretPlace where) {
        var of = new EnvironmentKeys.Of(where.tenant(), where.environment());
        EnvironmentKeys.Key current = environments.current(of);
        SecretBytes key = SecretBytes.random();
        byte[] bytes = key.getEncoded();
        byte[] wrapped;
        try {
            wrapped = CommittingAead.seal(current.bytes(), where.ofKey(), bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
            key.destroy();
        }
        boolean fresh = database.inTenant(DatabaseRole.VAULT, where.tenant(), connection -> {
            if (!isCurrent(connection, of, current.version())) {
                return false;
            }
            try (var insert = connection.prepareStatement(
                    "INSERT INTO secretring.data_key (tenant, environment, secret, version, state, wrapped, wrapped_by)"
                            + " VALUES (?, ?, ?, ?, 'CURRENT', ?, ?) ON CONFLICT DO NOTHING")) {
                place(insert, where);
                insert.setBytes(5, wrapped);
                insert.setInt(6, current.version());
                insert.executeUpdate();
            }
            return true;
        });
        if (!fresh) {
            environments.forget(of);
        }
    }

    /** Holds the row, so that nobody retires the version before what is wrapped by it is committed. */
    private static boolean isCurrent(Connection connection, EnvironmentKeys.Of of, int version) throws SQLException {
        try (var select = connection.prepareStatement("SELECT FROM secretring.environment_key WHERE tenant = ?"
                + " AND environment = ? AND version = ? AND state = 'CURRENT' FOR SHARE")) {
            select.setString(1, of.tenant());
            select.setString(2, of.environment());
            select.setInt(3, version);
            try (var row = select.executeQuery()) {
                return row.next();
            }
        }
    }

    private static void place(PreparedStatement statement, SecretPlace where) throws SQLException {
        statement.setString(1, where.tenant());
        statement.setString(2, where.environment());
        statement.setString(3, where.secret());
        statement.setInt(4, where.version());
    }
}
