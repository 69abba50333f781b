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
 * Tenant keys: made on demand, wrapped by the sealer, cached. Two processes that ask for a new tenant's key at once get the same:
 * PostgreSQL takes one, and both read it back.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link Keyring#TENANTS_CACHED}, {@link Keyring#CACHE_SECONDS}.
 */
final class TenantKeys {
    private static final Logger LOG = Logger.getLogger(TenantKeys.class);

    private final Database database;
    private final Sealer sealer;
    private final Cache<String, List<TenantKey>> cache = Caffeine.newBuilder()
            .maximumSize(Keyring.TENANTS_CACHED)
            .expireAfterWrite(Keyring.CACHE)
            .build();

    @SuppressWarnings("ArrayRecordComponent") // read, unwrapped, dropped; never compared
    private record Row(int version, KeyState state, byte[] wrapped) {}

    TenantKeys(Database database, Sealer sealer) {
        this.database = database;
        this.sealer = sealer;
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

    private List<TenantKey> reload(String tenant) {
        return cache.asMap().compute(tenant, (name, old) -> loadOrCreate(name));
    }

    private static Optional<TenantKey> find(List<TenantKey> keys, int version) {
        return keys.stream().filter(key -> key.version() == version).findFirst();
    }

    private List<TenantKey> loadOrCreate(String tenant) {
        List<Row> rows = database.inTenant(DatabaseRole.KEYRING, tenant, connection -> select(connection, tenant));
        if (rows.isEmpty()) {
            rows = create(tenant);
        }
        List<TenantKey> keys = new ArrayList<>();
        for (Row row : rows) {
            if (row.state() != KeyState.DESTROYED) {
                var root = SecretBytes.owning(sealer.unwrap(row.wrapped(), context(tenant, row.version())));
                keys.add(new TenantKey(row.version(), row.state() == KeyState.CURRENT, root));
            }
        }
        return List.copyOf(keys);
    }

    private List<Row> create(String tenant) {
        int version = 1;
        SecretBytes root = SecretBytes.random();
        byte[] bytes = root.getEncoded();
        byte[] wrapped;
        try {
            wrapped = sealer.wrap(bytes, context(tenant, version));
        } finally {
            Arrays.fill(bytes, (byte) 0);
            root.destroy();
        }
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            // A first version that is there in whatever state wins: a destroyed tenant key is not made again either.
            try (var insert = connection.prepareStatement("""
                    INSERT INTO keyring.tenant_key (tenant, version, state, wrapped) VALUES (?, ?, 'CURRENT', ?)
                    ON CONFLICT DO NOTHING""")) {
                insert.setString(1, tenant);
                insert.setInt(2, version);
                insert.setBytes(3, wrapped);
                if (insert.executeUpdate() == 1) {
                    LOG.infof("Tenant key created tenant=%s version=%d", tenant, version);
                }
            }
            return select(connection, tenant);
        });
    }

    private static List<Row> select(Connection connection, String tenant) throws SQLException {
        try (var select = connection.prepareStatement(
                "SELECT version, state, wrapped FROM keyring.tenant_key WHERE tenant = ? ORDER BY version")) {
            select.setString(1, tenant);
            List<Row> rows = new ArrayList<>();
            try (var found = select.executeQuery()) {
                while (found.next()) {
                    rows.add(new Row(found.getInt(1), KeyState.valueOf(found.getString(2)), found.getBytes(3)));
                }
            }
            return rows;
        }
    }

    private static byte[] context(String tenant, int version) {
        return Framing.labelled("chancery/tenant-key/v1")
                .text(tenant)
                .number(version)
                .toBytes();
    }
}
