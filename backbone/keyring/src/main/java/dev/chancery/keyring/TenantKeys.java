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
import java.util.OptionalInt;
import org.jboss.logging.Logger;

/**
 * Tenant keys: made on demand, wrapped by the sealer's ring, cached. Two processes that ask for a new tenant's key at once get the same:
 * PostgreSQL takes one, and both read it back.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link Keyring#TENANTS_CACHED}, {@link Keyring#CACHE_SECONDS}.
 */
final class TenantKeys {
    private static final Logger LOG = Logger.getLogger(TenantKeys.class);

    private final Database database;
    private final Sealer.Ring ring;
    private final Cache<String, List<TenantKey>> cache = Caffeine.newBuilder()
            .maximumSize(Keyring.TENANTS_CACHED)
            .expireAfterWrite(Keyring.CACHE)
            .build();

    @SuppressWarnings("ArrayRecordComponent") // read, unwrapped, dropped; never compared
    private record Row(int version, KeyState state, byte[] wrapped, int sealedBy) {}

    TenantKeys(Database database, Sealer sealer) {
        this.database = database;
        this.ring = sealer.ring();
    }

    /**
     * The version that new keys are wrapped by and values hashed with; made if the tenant never had one.
     *
     * @throws KeyDestroyed if the tenant had one and has no more
     */
    TenantKey current(String tenant) {
        for (TenantKey key : cache.get(tenant, this::loadOrCreate)) {
            if (key.isCurrent()) {
                return key;
            }
        }
        throw new KeyDestroyed();
    }

    /** A version that something was wrapped by, so that it once existed; empty: it was destroyed. */
    Optional<TenantKey> version(String tenant, int version) {
        Optional<TenantKey> cached = find(cache.get(tenant, this::loadOrCreate), version);
        // Another process may have made it since.
        return cached.isPresent() ? cached : find(reload(tenant), version);
    }

    /** Has the keys read again when they are asked for next. */
    void forget(String tenant) {
        cache.invalidate(tenant);
    }

    private List<TenantKey> reload(String tenant) {
        return cache.asMap().compute(tenant, (name, old) -> loadOrCreate(name));
    }

    private static Optional<TenantKey> find(List<TenantKey> keys, int version) {
        return keys.stream().filter(key -> key.version() == version).findFirst();
    }

    private List<TenantKey> loadOrCreate(String tenant) {
        return StaleRing.retrying(ring, () -> loadOrCreateOnce(tenant));
    }

    private List<TenantKey> loadOrCreateOnce(String tenant) {
        List<Row> rows = select(tenant);
        if (rows.isEmpty()) {
            make(tenant, 1, false);
            rows = select(tenant);
        }
        return unwrapped(tenant, rows);
    }

    private List<TenantKey> unwrapped(String tenant, List<Row> rows) {
        List<TenantKey> keys = new ArrayList<>();
        for (Row row : rows) {
            if (row.state() != KeyState.DESTROYED) {
                var root =
                        SecretBytes.owning(ring.unwrap(row.sealedBy(), row.wrapped(), context(tenant, row.version())));
                keys.add(new TenantKey(row.version(), row.state() == KeyState.CURRENT, root));
            }
        }
        return List.copyOf(keys);
    }

    /** Makes a version the current one; there already, or newer, in whatever state: nothing. A destroyed key is not made again. */
    void advance(String tenant, int version) {
        make(tenant, version, false);
        forget(tenant);
    }

    /**
     * Makes a version that somebody asks for the current one, unless one that was asked for is current and not recorded.
     *
     * @param most versions that may be there, this one included
     * @return the current version; empty: there are so many
     */
    OptionalInt rotate(String tenant, int recorded, int most) {
        forget(tenant);
        int current = current(tenant).version();
        if (current > recorded && isAsked(tenant, current)) {
            return OptionalInt.of(current);
        }
        long live = select(tenant).stream()
                .filter(row -> row.state() != KeyState.DESTROYED)
                .count();
        if (live >= most) {
            return OptionalInt.empty();
        }
        make(tenant, current + 1, true);
        forget(tenant);
        return OptionalInt.of(current + 1);
    }

    private boolean isAsked(String tenant, int version) {
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            try (var select = connection.prepareStatement(
                    "SELECT asked FROM keyring.tenant_key WHERE tenant = ? AND version = ?")) {
                select.setString(1, tenant);
                select.setInt(2, version);
                try (var found = select.executeQuery()) {
                    return found.next() && found.getBoolean(1);
                }
            }
        });
    }

    private void make(String tenant, int version, boolean asked) {
        var _ = StaleRing.retrying(ring, () -> {
            make(tenant, version, ring.newest(), asked);
            return true;
        });
    }

    private void make(String tenant, int version, int sealedBy, boolean asked) {
        SecretBytes root = SecretBytes.random();
        byte[] bytes = root.getEncoded();
        byte[] wrapped;
        try {
            wrapped = ring.wrap(sealedBy, bytes, context(tenant, version));
        } finally {
            Arrays.fill(bytes, (byte) 0);
            root.destroy();
        }
        boolean made = database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            lock(connection, tenant);
            if (select(connection, tenant).stream().anyMatch(row -> row.version() >= version)) {
                return false;
            }
            try (var update = connection.prepareStatement(
                            "UPDATE keyring.tenant_key SET state = 'PREVIOUS' WHERE tenant = ? AND state = 'CURRENT'");
                    var insert = connection.prepareStatement(
                            "INSERT INTO keyring.tenant_key (tenant, version, state, wrapped, sealed_by, asked)"
                                    + " VALUES (?, ?, 'CURRENT', ?, ?, ?)")) {
                update.setString(1, tenant);
                update.executeUpdate();
                insert.setString(1, tenant);
                insert.setInt(2, version);
                insert.setBytes(3, wrapped);
                insert.setInt(4, sealedBy);
                insert.setBoolean(5, asked);
                return insert.executeUpdate() == 1;
            }
        });
        if (made) {
            LOG.infof("Tenant key created tenant=%s version=%d", tenant, version);
        }
    }

    /** Destroys the versions before one, for ever, unless they wrap something still; answers whether they are destroyed now. */
    boolean destroyBefore(String tenant, int version) {
        boolean destroyed = database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            lock(connection, tenant);
            try (var census = connection.prepareStatement(
                            "SELECT EXISTS (SELECT FROM keyring.subject_key WHERE tenant = ? AND wrapped_by < ?)");
                    var update = connection.prepareStatement(
                            "UPDATE keyring.tenant_key SET state = 'DESTROYED', wrapped = NULL"
                                    + " WHERE tenant = ? AND version < ? AND state = 'PREVIOUS'")) {
                census.setString(1, tenant);
                census.setInt(2, version);
                try (var found = census.executeQuery()) {
                    if (!found.next() || found.getBoolean(1)) {
                        return false;
                    }
                }
                update.setString(1, tenant);
                update.setInt(2, version);
                if (update.executeUpdate() > 0) {
                    LOG.infof("Tenant keys destroyed tenant=%s before=%d", tenant, version);
                }
                return true;
            }
        });
        forget(tenant);
        return destroyed;
    }

    /** Keeps others from making or wrapping by a version until the transaction ends. */
    private static void lock(Connection connection, String tenant) throws SQLException {
        try (var lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 3))")) {
            lock.setString(1, tenant);
            lock.execute();
        }
    }

    private List<Row> select(String tenant) {
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> select(connection, tenant));
    }

    private static List<Row> select(Connection connection, String tenant) throws SQLException {
        try (var select = connection.prepareStatement(
                "SELECT version, state, wrapped, sealed_by FROM keyring.tenant_key WHERE tenant = ? ORDER BY version")) {
            select.setString(1, tenant);
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

    static byte[] context(String tenant, int version) {
        return Framing.labelled("chancery/tenant-key/v1")
                .text(tenant)
                .number(version)
                .toBytes();
    }
}
