package dev.chancery.keyring;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.database.SqlBatch;
import dev.chancery.database.TenantQueues;
import dev.chancery.schema.log.v1.KeyRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Subject keys: made on demand, wrapped by the tenant key, cached by subject, destroyed for ever.
 *
 * <p>All changes of a cache entry go through the map's atomic operations, and a destruction is committed before it replaces the
 * entry. So a load that began before is overwritten, and one that begins after finds the tombstone, here or in PostgreSQL.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link Keyring#SUBJECTS_CACHED}, {@link Keyring#CACHE_SECONDS}.
 */
final class SubjectKeys {
    private static final Logger LOG = Logger.getLogger(SubjectKeys.class);
    /** Raised by the trigger {@code keyring.refuse_the_forgotten}. */
    private static final String SUBJECT_WAS_DESTROYED = "KR001";

    private static final int FIRST_VERSION = 1;

    /** Keys made in one transaction; those of a tenant that are wanted while one runs are made together next. */
    private static final int MAX_GROUP = 64;

    /** How often it is tried where a version of the tenant's key is destroyed meanwhile. */
    private static final int ATTEMPTS = 5;

    /** @param subject empty: the tenant's own key, for what is about nobody */
    record Subject(String tenant, String subject) {}

    private record Wanted(Subject of, List<Integer> retentions) {}

    private record NewKey(Subject of, int retention) {}

    @SuppressWarnings("ArrayRecordComponent") // read, unwrapped, dropped; never compared
    private record Row(int retention, int version, KeyState state, byte[] wrapped, int wrappedBy) {}

    private final Database database;
    private final TenantKeys tenants;
    private final TenantQueues<Wanted, SubjectRing> inserts = new TenantQueues<>(MAX_GROUP, this::insert);
    private final Cache<Subject, SubjectRing> cache = Caffeine.newBuilder()
            .maximumSize(Keyring.SUBJECTS_CACHED)
            .expireAfterWrite(Keyring.CACHE)
            .build();

    SubjectKeys(Database database, TenantKeys tenants) {
        this.database = database;
        this.tenants = tenants;
    }

    /**
     * The key that seals, committed; made if there never was one.
     *
     * @throws KeyDestroyed if there was one and it was destroyed
     */
    SubjectKey current(Subject of, int retention) {
        SubjectRing known = cache.getIfPresent(of);
        Optional<SubjectKey> key = known == null ? Optional.empty() : known.current(retention);
        return key.orElseGet(() -> create(of, retention));
    }

    /**
     * The key that opens, live or destroyed.
     *
     * @throws KeyMissing if there never was one
     */
    SubjectKey version(Subject of, int retention, int version) {
        SubjectRing ring = cache.get(of, this::load);
        Optional<SubjectKey> key = ring.version(retention, version);
        if (key.isEmpty() && !ring.isForgotten()) {
            // Another process may have made it since.
            ring = cache.asMap().compute(of, (name, old) -> load(name));
            key = ring.version(retention, version);
        }
        if (key.isEmpty() && ring.isForgotten()) {
            return new SubjectKey(retention, version, KeyState.DESTROYED, null);
        }
        return key.orElseThrow(KeyMissing::new);
    }

    /**
     * Destroys the keys of some classes; once all classes are destroyed, the whole subject is.
     *
     * @return how many keys this destroyed; 0 if all of them were already, or there were none
     */
    int destroy(Subject of, List<Integer> retentions) {
        int destroyed;
        try {
            destroyed = database.inTenant(
                    DatabaseRole.KEYRING, of.tenant(), connection -> destroy(connection, of, retentions));
        } catch (DatabaseUnavailable e) {
            // It may be committed and only the answer lost: read it anew.
            cache.asMap().remove(of);
            throw e;
        }
        cache.asMap().compute(of, (name, old) -> {
            if (old != null) {
                old.destroy(retentions);
            }
            return null;
        });
        LOG.infof("Subject destroyed tenant=%s classes=%s keys=%d", of.tenant(), retentions, destroyed);
        return destroyed;
    }

    private static int destroy(Connection connection, Subject of, List<Integer> retentions) throws SQLException {
        // The lock that whoever makes a key for this subject takes.
        try (var lock =
                connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(? || '/' || ?, 0))")) {
            lock.setString(1, of.tenant());
            lock.setString(2, of.subject());
            lock.execute();
        }
        int destroyed;
        try (var update = connection.prepareStatement("""
                UPDATE keyring.subject_key SET state = 'DESTROYED', wrapped = NULL, wrapped_by = NULL
                WHERE tenant = ? AND subject = ? AND retention = ANY (?) AND state <> 'DESTROYED'""")) {
            update.setString(1, of.tenant());
            update.setString(2, of.subject());
            update.setArray(3, connection.createArrayOf("int4", retentions.toArray()));
            destroyed = update.executeUpdate();
        }
        // A class that never had a key gets a tombstone in its place, and a subject without a class left one for the
        // whole.
        try (var tombstones = connection.prepareStatement("""
                INSERT INTO keyring.subject_key (tenant, subject, retention, version, state)
                SELECT ?, ?, retention, ?, 'DESTROYED' FROM unnest(?::int4[]) AS retention
                ON CONFLICT DO NOTHING""");
                var whole = connection.prepareStatement("""
                INSERT INTO keyring.subject_key (tenant, subject, retention, version, state)
                SELECT ?, ?, 0, 0, 'DESTROYED' WHERE NOT EXISTS (SELECT FROM unnest(?::int4[]) AS class WHERE NOT EXISTS (
                    SELECT FROM keyring.subject_key WHERE tenant = ? AND subject = ? AND retention = class AND state = 'DESTROYED'))
                ON CONFLICT DO NOTHING""")) {
            tombstones.setString(1, of.tenant());
            tombstones.setString(2, of.subject());
            tombstones.setInt(3, FIRST_VERSION);
            tombstones.setArray(4, connection.createArrayOf("int4", retentions.toArray()));
            tombstones.executeUpdate();
            whole.setString(1, of.tenant());
            whole.setString(2, of.subject());
            whole.setArray(3, connection.createArrayOf("int4", Keyring.RETENTION_CLASSES.toArray()));
            whole.setString(4, of.tenant());
            whole.setString(5, of.subject());
            whole.executeUpdate();
        }
        return destroyed;
    }

    /**
     * Brings keys of a tenant under its current key; what they seal stays as it is.
     *
     * @return how many it was; fewer than {@code atMost}: there are no more that nobody else works on
     */
    int rewrap(String tenant, int atMost) {
        for (int attempt = 1; ; attempt++) {
            try {
                return rewrapOnce(tenant, atMost);
            } catch (DatabaseUnavailable e) {
                if (attempt == ATTEMPTS || !StaleRing.RETIRED.equals(e.sqlState())) {
                    throw e;
                }
                // There is a newer one, and what was the current one a moment ago is destroyed.
            }
        }
    }

    private int rewrapOnce(String tenant, int atMost) {
        tenants.forget(tenant);
        TenantKey current = tenants.current(tenant);
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            try (var select = connection.prepareStatement(
                            "SELECT subject, retention, version, wrapped, wrapped_by"
                                    + " FROM keyring.subject_key WHERE tenant = ? AND wrapped_by < ? LIMIT ? FOR UPDATE SKIP LOCKED");
                    var update =
                            connection.prepareStatement("UPDATE keyring.subject_key SET wrapped = ?, wrapped_by = ?"
                                    + " WHERE tenant = ? AND subject = ? AND retention = ? AND version = ?")) {
                select.setString(1, tenant);
                select.setInt(2, current.version());
                select.setInt(3, atMost);
                int count = 0;
                try (var rows = select.executeQuery()) {
                    while (rows.next()) {
                        var of = new Subject(tenant, rows.getString(1));
                        int retention = rows.getInt(2);
                        int version = rows.getInt(3);
                        int by = rows.getInt(5);
                        SecretBytes key = tenants.version(tenant, by)
                                .orElseThrow(KeyDestroyed::new)
                                .unwrap(rows.getBytes(4), context(of, retention, version, by));
                        update.setBytes(1, current.wrap(key, context(of, retention, version, current.version())));
                        key.destroy();
                        update.setInt(2, current.version());
                        update.setString(3, tenant);
                        update.setString(4, of.subject());
                        update.setInt(5, retention);
                        update.setInt(6, version);
                        update.addBatch();
                        count++;
                    }
                }
                update.executeBatch();
                return count;
            }
        });
    }

    /** Makes a key where there is none and reads what there is then, at once: most subjects are new when first asked about. */
    private SubjectKey create(Subject of, int retention) {
        SubjectRing ring = cache.asMap().compute(of, (name, old) -> {
            // Another thread may have been here first.
            if (old != null && old.current(retention).isPresent()) {
                return old;
            }
            return inserts.run(name.tenant(), new Wanted(name, List.of(retention)));
        });
        return ring.current(retention).orElseThrow(KeyMissing::new);
    }

    /** Makes the keys of a new subject that it will need, at once. */
    void introduce(Subject of, List<Integer> retentions) {
        cache.asMap().compute(of, (name, old) -> inserts.run(name.tenant(), new Wanted(name, retentions)));
    }

    /** Those that there is no row of, unless their subject is forgotten whole. */
    List<KeyRef> lost(String tenant, Collection<KeyRef> named) {
        return named.stream()
                .filter(each -> read(new Subject(tenant, each.getSubject())).stream()
                        .noneMatch(row -> row.retention() == SubjectKey.WHOLE_SUBJECT
                                || (row.retention() == each.getRetentionValue() && row.version() == each.getVersion())))
                .toList();
    }

    /** A tombstone in place of each that is still lost, and a newer key to seal by where none is current. */
    void replaceLost(String tenant, Collection<KeyRef> lost) {
        TenantKey tenantKey = tenants.current(tenant);
        for (KeyRef each : lost(tenant, lost)) {
            var of = new Subject(tenant, each.getSubject());
            int retention = each.getRetentionValue();
            List<Row> rows = read(of).stream()
                    .filter(row -> row.retention() == retention)
                    .toList();
            int newest = rows.stream().mapToInt(Row::version).max().orElse(0);
            boolean isCurrent = rows.stream().anyMatch(row -> row.state() == KeyState.CURRENT);
            database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
                insert(connection, of, retention, each.getVersion(), null, tenantKey.version());
                if (!isCurrent) {
                    int next = Math.max(newest, each.getVersion()) + 1;
                    byte[] wrapped = wrapped(tenantKey, new NewKey(of, retention), next);
                    insert(connection, of, retention, next, wrapped, tenantKey.version());
                }
                return true;
            });
            cache.invalidate(of);
        }
    }

    /** @param wrapped null: destroyed */
    private static void insert(
            Connection connection, Subject of, int retention, int version, byte @Nullable [] wrapped, int wrappedBy)
            throws SQLException {
        try (var insert = connection.prepareStatement(
                "INSERT INTO keyring.subject_key (tenant, subject, retention, version, state, wrapped, wrapped_by)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?)")) {
            insert.setString(1, of.tenant());
            insert.setString(2, of.subject());
            insert.setInt(3, retention);
            insert.setInt(4, version);
            insert.setString(5, wrapped == null ? "DESTROYED" : "CURRENT");
            insert.setBytes(6, wrapped);
            insert.setObject(7, wrapped == null ? null : wrappedBy, java.sql.Types.INTEGER);
            insert.executeUpdate();
        }
    }

    private List<SubjectRing> insert(String tenant, List<Wanted> keys) {
        for (int attempt = 1; ; attempt++) {
            try {
                return insertOnce(tenant, keys);
            } catch (DatabaseUnavailable e) {
                if (attempt == ATTEMPTS || !StaleRing.RETIRED.equals(e.sqlState())) {
                    throw e;
                }
                // Another process has destroyed the version of the tenant's key that this one knew.
                tenants.forget(tenant);
            }
        }
    }

    private List<SubjectRing> insertOnce(String tenant, List<Wanted> keys) {
        TenantKey tenantKey = tenants.current(tenant);
        // Always in the same order: the trigger locks each subject, and another process may be inserting the same ones.
        List<NewKey> inOrder = keys.stream()
                .sorted(Comparator.comparing(wanted -> wanted.of().subject()))
                .flatMap(wanted -> wanted.retentions().stream().map(retention -> new NewKey(wanted.of(), retention)))
                .toList();
        Map<String, List<Row>> rows = new HashMap<>();
        try {
            // A first version that is there in whatever state wins. OFFSET 0 keeps that a question by key for each
            // row. As a join it would be planned while the tenant has no keys, and read all of them from then on.
            database.atOnce(
                    DatabaseRole.KEYRING,
                    tenant,
                    select(
                            tenant,
                            keys.stream().map(wanted -> wanted.of().subject()).toList(),
                            rows,
                            new SqlBatch()
                                    .update(
                                            """
                            INSERT INTO keyring.subject_key (tenant, subject, retention, version, state, wrapped, wrapped_by)
                            SELECT ?, wanted.subject, wanted.retention, ?, 'CURRENT', wanted.wrapped, ?
                            FROM unnest(?::text[], ?::int8[], ?::bytea[]) WITH ORDINALITY AS wanted (subject, retention, wrapped, n)
                            WHERE NOT EXISTS (SELECT FROM keyring.subject_key k WHERE k.tenant = ?
                                AND k.subject = wanted.subject AND k.retention = wanted.retention OFFSET 0)
                            ORDER BY wanted.n
                            ON CONFLICT DO NOTHING""",
                                            SqlBatch.text(tenant),
                                            SqlBatch.number(FIRST_VERSION),
                                            SqlBatch.number(tenantKey.version()),
                                            SqlBatch.texts(
                                                    inOrder, key -> key.of().subject()),
                                            SqlBatch.numbers(inOrder, key -> (long) key.retention()),
                                            SqlBatch.blobs(inOrder, key -> wrapped(tenantKey, key, FIRST_VERSION)),
                                            SqlBatch.text(tenant))));
        } catch (DatabaseUnavailable e) {
            if (SUBJECT_WAS_DESTROYED.equals(e.sqlState())) {
                return afterRefusal(tenant, keys);
            }
            throw e;
        }
        return keys.stream()
                .map(wanted -> ring(wanted.of(), rows.getOrDefault(wanted.of().subject(), List.of()), false)
                        .orElseGet(() -> load(wanted.of())))
                .toList();
    }

    private static byte[] wrapped(TenantKey tenantKey, NewKey of, int version) {
        SecretBytes key = SecretBytes.random();
        try {
            return tenantKey.wrap(key, context(of.of(), of.retention(), version, tenantKey.version()));
        } finally {
            key.destroy();
        }
    }

    /** One of these subjects was destroyed; the others are not to suffer. */
    private List<SubjectRing> afterRefusal(String tenant, List<Wanted> keys) {
        if (keys.size() == 1) {
            return List.of(load(keys.getFirst().of()));
        }
        return keys.stream()
                .map(wanted -> insert(tenant, List.of(wanted)).getFirst())
                .toList();
    }

    /**
     * What was rewrapped, and the version that had wrapped it destroyed, between the look at it and the look for that version is read again, or it would
     * seem forgotten. What stays so is: somebody brought back rows without the key above.
     */
    private SubjectRing load(Subject of) {
        for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
            Optional<SubjectRing> ring = ring(of, read(of), false);
            if (ring.isPresent()) {
                return ring.get();
            }
        }
        return ring(of, read(of), true).orElseThrow();
    }

    private List<Row> read(Subject of) {
        Map<String, List<Row>> rows = new HashMap<>();
        database.atOnce(
                DatabaseRole.KEYRING, of.tenant(), select(of.tenant(), List.of(of.subject()), rows, new SqlBatch()));
        return rows.getOrDefault(of.subject(), List.of());
    }

    /**
     * @param settled whether a key counts as destroyed whose tenant key is gone
     * @return empty: the tenant key of one is gone, and that is not settled
     */
    private Optional<SubjectRing> ring(Subject of, List<Row> rows, boolean settled) {
        List<SubjectKey> keys = new ArrayList<>();
        for (Row row : rows) {
            boolean live = row.state() != KeyState.DESTROYED;
            // Outside the transaction: the tenant key may need a connection of its own.
            Optional<TenantKey> tenantKey = live ? tenants.version(of.tenant(), row.wrappedBy()) : Optional.empty();
            if (live && tenantKey.isEmpty() && !settled) {
                return Optional.empty();
            }
            SecretBytes secret = tenantKey
                    .map(key -> key.unwrap(row.wrapped(), context(of, row.retention(), row.version(), row.wrappedBy())))
                    .orElse(null);
            keys.add(new SubjectKey(row.retention(), row.version(), row.state(), secret));
        }
        return Optional.of(new SubjectRing(List.copyOf(keys)));
    }

    private static SqlBatch select(String tenant, List<String> subjects, Map<String, List<Row>> rows, SqlBatch batch) {
        return batch.query(
                row -> rows.computeIfAbsent(row.getString(1), subject -> new ArrayList<>())
                        .add(new Row(
                                row.getInt(2),
                                row.getInt(3),
                                KeyState.valueOf(row.getString(4)),
                                row.getBytes(5),
                                row.getInt(6))),
                """
                SELECT subject, retention, version, state, wrapped, wrapped_by FROM keyring.subject_key
                WHERE tenant = ? AND subject = ANY (?) ORDER BY subject, retention, version""",
                SqlBatch.text(tenant),
                SqlBatch.texts(subjects, subject -> subject));
    }

    private static byte[] context(Subject of, int retention, int version, int wrappedBy) {
        return Framing.labelled("chancery/subject-key/v1")
                .text(of.tenant())
                .text(of.subject())
                .number(retention)
                .number(version)
                .number(wrappedBy)
                .toBytes();
    }
}
