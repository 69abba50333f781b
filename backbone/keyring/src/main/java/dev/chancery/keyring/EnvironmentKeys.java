package dev.chancery.keyring;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * The keys of environments: made on demand, wrapped by the sealer, cached.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link SecretRing#ENVIRONMENTS_CACHED}, {@link Keyring#CACHE_SECONDS}.
 */
final class EnvironmentKeys {
    private static final Logger LOG = Logger.getLogger(EnvironmentKeys.class);

    private final Database database;
    private final Sealer.Ring ring;
    private final Cache<Of, List<Key>> cache = Caffeine.newBuilder()
            .maximumSize(SecretRing.ENVIRONMENTS_CACHED)
            .expireAfterWrite(Keyring.CACHE)
            .build();

    record Of(String tenant, String environment) {
        byte[] associatedData(int version) {
            return Framing.labelled("chancery/environment-key/v1")
                    .text(tenant)
                    .text(environment)
                    .number(version)
                    .toBytes();
        }
    }

    record Key(int version, boolean isCurrent, SecretBytes bytes) {}

    EnvironmentKeys(Database database, Sealer sealer) {
        this.database = database;
        this.ring = sealer.installationRing();
    }

    /** The version that new data keys are wrapped by; the first is made here. */
    Key current(Of environment) {
        return cache.get(environment, this::loadOrCreate).stream()
                .filter(Key::isCurrent)
                .findFirst()
                .orElseThrow(KeyDestroyed::new);
    }

    /** @throws KeyDestroyed if that version was destroyed */
    Key version(Of environment, int version) {
        return find(cache.get(environment, this::loadOrCreate), version)
                // Another process may have made it since.
                .or(() -> find(cache.asMap().compute(environment, (of, old) -> loadOrCreate(of)), version))
                .orElseThrow(KeyDestroyed::new);
    }

    void forget(Of environment) {
        cache.invalidate(environment);
    }

    private static Optional<Key> find(List<Key> keys, int version) {
        return keys.stream().filter(key -> key.version() == version).findFirst();
    }

    /** Makes a version the current one. Made already: nothing. */
    void advance(Of environment, int version) {
        var _ = StaleRing.retrying(ring, () -> advanceOnce(environment, version));
        forget(environment);
    }

    private boolean advanceOnce(Of environment, int version) {
        Made made = made(environment, version);
        return database.inTenant(DatabaseRole.VAULT, environment.tenant(), connection -> {
            lock(connection, environment);
            if (versions(connection, environment).stream().anyMatch(row -> row.version() >= version)) {
                return false;
            }
            try (var previous = connection.prepareStatement(
                    "UPDATE secretring.environment_key SET state = 'PREVIOUS' WHERE tenant = ? AND environment = ? AND state = 'CURRENT'")) {
                previous.setString(1, environment.tenant());
                previous.setString(2, environment.environment());
                previous.executeUpdate();
            }
            insert(connection, environment, version, made);
            return true;
        });
    }

    private List<Key> loadOrCreate(Of environment) {
        return StaleRing.retrying(ring, () -> loadOrCreateOnce(environment));
    }

    private List<Key> loadOrCreateOnce(Of environment) {
        List<Row> rows = database.inTenant(
                DatabaseRole.VAULT, environment.tenant(), connection -> versions(connection, environment));
        if (rows.isEmpty()) {
            Made made = made(environment, 1);
            rows = database.inTenant(DatabaseRole.VAULT, environment.tenant(), connection -> {
                lock(connection, environment);
                if (versions(connection, environment).isEmpty()) {
                    insert(connection, environment, 1, made);
                }
                return versions(connection, environment);
            });
        }
        List<Key> keys = new ArrayList<>();
        for (Row row : rows) {
            if (row.state() != KeyState.DESTROYED) {
                byte[] key = ring.unwrap(row.sealedBy(), row.wrapped(), environment.associatedData(row.version()));
                keys.add(new Key(row.version(), row.state() == KeyState.CURRENT, SecretBytes.owning(key)));
            }
        }
        return List.copyOf(keys);
    }

    @SuppressWarnings("ArrayRecordComponent") // written, never compared
    private record Made(byte[] wrapped, int sealedBy) {}

    private Made made(Of environment, int version) {
        int sealedBy = database.inTenant(
                DatabaseRole.VAULT, environment.tenant(), connection -> FollowedRing.newest(connection, ring));
        SecretBytes key = SecretBytes.random();
        byte[] bytes = key.getEncoded();
        try {
            return new Made(ring.wrap(sealedBy, bytes, environment.associatedData(version)), sealedBy);
        } finally {
            Arrays.fill(bytes, (byte) 0);
            key.destroy();
        }
    }

    /** Puts changes of an environment's keys in order. */
    private static void lock(Connection connection, Of environment) throws SQLException {
        try (var lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 1))")) {
            lock.setString(1, environment.tenant() + "/" + environment.environment());
            lock.execute();
        }
    }

    private static void insert(Connection connection, Of environment, int version, Made made) throws SQLException {
        try (var insert = connection.prepareStatement(
                "INSERT INTO secretring.environment_key (tenant, environment, version, state, wrapped, sealed_by) VALUES (?, ?, ?, 'CURRENT', ?, ?)")) {
            insert.setString(1, environment.tenant());
            insert.setString(2, environment.environment());
            insert.setInt(3, version);
            insert.setBytes(4, made.wrapped());
            insert.setInt(5, made.sealedBy());
            insert.executeUpdate();
        }
        LOG.infof("Environment key created tenant=%s version=%d", environment.tenant(), version);
    }

    @SuppressWarnings("ArrayRecordComponent") // read, unwrapped, dropped; never compared
    private record Row(int version, KeyState state, byte[] wrapped, int sealedBy) {}

    private static List<Row> versions(Connection connection, Of environment) throws SQLException {
        try (var select = connection.prepareStatement(
                "SELECT version, state, wrapped, sealed_by FROM secretring.environment_key WHERE tenant = ? AND environment = ? ORDER BY version")) {
            select.setString(1, environment.tenant());
            select.setString(2, environment.environment());
            List<Row> rows = new ArrayList<>();
            try (var found = select.executeQuery()) {
                while (found.next()) {
                    rows.add(new Row(
                            found.getInt(1), KeyState.valueOf(found.getString(2)), found.getBytes(3), found.getInt(4)));
                }
            }
            return rows;
        }
    }
}
