package dev.chancery.log;

import static dev.chancery.database.SqlBatch.blobs;
import static dev.chancery.database.SqlBatch.number;
import static dev.chancery.database.SqlBatch.numbers;
import static dev.chancery.database.SqlBatch.text;
import static dev.chancery.database.SqlBatch.texts;

import com.google.protobuf.ByteString;
import dev.chancery.database.SqlBatch;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.log.LockedTenant.ClaimKey;
import dev.chancery.log.LockedTenant.OpenIntent;
import dev.chancery.log.LockedTenant.StoredReceipt;
import dev.chancery.schema.log.v1.IntentRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The SQL of an append: lock and read, then write and commit; one round trip to PostgreSQL each. Each statement of a round trip sees
 * what was committed before it began, so what is read after the lock is what the lock protects.
 */
final class AppendSql {
    /** How long a group waits for the head that another process holds. */
    private static final String LOCK_TIMEOUT_MILLIS = "5000";

    /** How long PostgreSQL lets a transaction that holds the head say nothing, before it takes the head away from it. */
    private static final String SILENCE_TIMEOUT_MILLIS = "10000";

    /**
     * How far a record's time may be ahead of this process's clock. One step of PostgreSQL's clock, once recorded, would hold for that
     * log until the clocks have caught up: grants would count as over, and new ones not yet.
     */
    static final long MAX_AHEAD_MICROS = 60_000_000;

    private static final Logger LOG = Logger.getLogger(AppendSql.class);

    /** One row when this is the server, and the timeline, that the relay last found in step with Kafka. */
    private static final String IN_STEP = """
            SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM log.reconciled
            WHERE in_step AND system_identifier = (SELECT system_identifier FROM pg_control_system())
              AND timeline = ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer""";

    private final Connection connection;
    private final String tenant;
    private final String feature;

    AppendSql(Connection connection, String tenant, String feature) {
        this.connection = connection;
        this.tenant = tenant;
        this.feature = feature;
    }

    /**
     * Locks the tenant's head and reads all that these drafts are judged by; a rejection when nothing may be appended.
     *
     * @param key what is to sign; until the transaction ends it is not withdrawn, unless it was before
     */
    Optional<Rejection> lock(LockedTenant locked, VerifierKey key, Iterable<Draft> drafts) throws SQLException {
        var wanted = new Wanted(drafts);
        var known = new AtomicBoolean();
        var stopped = new AtomicBoolean();
        var inStep = new AtomicBoolean();
        SqlBatch batch = locked(row -> {
                    known.set(true);
                    locked.nextPosition = row.getLong(1);
                    locked.lastRecordedAtMicros = row.getLong(2);
                    stopped.set(row.getObject(3) != null);
                })
                .update("SELECT pg_advisory_xact_lock_shared(hashtextextended(?, 5))", text(key.name()))
                .query(
                        row -> locked.keyWithdrawn = true,
                        "SELECT FROM signing.key WHERE name = ? AND key_id = ? AND verifies_until IS NOT NULL",
                        text(key.name()),
                        number(key.keyId()))
                .query(
                        row -> {
                            inStep.set(true);
                            locked.nowMicros = row.getLong(1);
                        },
                        IN_STEP);
        addReads(batch, locked, wanted);
        batch.execute(connection);
        if (!inStep.get()) {
            return Optional.of(LogRejection.UNAVAILABLE);
        }
        if (!known.get()) {
            return Optional.of(LogRejection.TENANT_UNKNOWN);
        }
        long aheadMicros = locked.recordedAtMicros() - System.currentTimeMillis() * 1000;
        if (aheadMicros > MAX_AHEAD_MICROS) {
            LOG.errorf("Time is ahead, nothing appended: tenant=%s ahead_micros=%d", tenant, aheadMicros);
            return Optional.of(LogRejection.UNAVAILABLE);
        }
        return stopped.get() ? Optional.of(LogRejection.STOPPED) : Optional.empty();
    }

    /** Why the tenant's log takes nothing right now. Nothing is locked: a moment later it may be another answer. */
    Optional<Rejection> refusal() throws SQLException {
        try (var query = connection.prepareStatement(
                "SELECT forked_at IS NOT NULL, EXISTS (" + IN_STEP + ") FROM log.head WHERE tenant = ?")) {
            query.setString(1, tenant);
            try (var head = query.executeQuery()) {
                if (!head.next()) {
                    return Optional.of(LogRejection.TENANT_UNKNOWN);
                }
                if (!head.getBoolean(2)) {
                    return Optional.of(LogRejection.UNAVAILABLE);
                }
                return head.getBoolean(1) ? Optional.of(LogRejection.STOPPED) : Optional.empty();
            }
        }
    }

    private SqlBatch locked(SqlBatch.Row head) {
        return new SqlBatch()
                .update("""
                        SELECT set_config('chancery.tenant', ?, true), set_config('lock_timeout', ?, true),
                               set_config('idle_in_transaction_session_timeout', ?, true), """ + SqlBatch.BY_KEYS, text(tenant), text(LOCK_TIMEOUT_MILLIS), text(SILENCE_TIMEOUT_MILLIS))
                .query(
                        head,
                        "SELECT next_position, recorded_at_micros, forked_at FROM log.head WHERE tenant = ? FOR UPDATE",
                        text(tenant));
    }

    /** The keys of the rows that a group's drafts are judged by. */
    private record Wanted(Set<StreamId> streams, Set<ClaimKey> claims, Set<Long> intents, Set<Digest> receipts) {
        Wanted(Iterable<Draft> drafts) {
            this(
                    of(drafts).flatMap(d -> d.basis().keySet().stream()).collect(Collectors.toSet()),
                    of(drafts).flatMap(d -> d.claims().stream().map(Claim::key)).collect(Collectors.toSet()),
                    of(drafts)
                            .flatMap(d -> d.ends().map(IntentRef::getPosition).stream())
                            .collect(Collectors.toSet()),
                    of(drafts)
                            .flatMap(d -> d.receipt().map(Receipt::key).stream())
                            .collect(Collectors.toSet()));
        }

        private static Stream<Draft> of(Iterable<Draft> drafts) {
            return java.util.stream.StreamSupport.stream(drafts.spliterator(), false);
        }
    }

    // Streams come first: their keys are the largest, and while the client still writes nobody reads what the server
    // answers.
    private void addReads(SqlBatch batch, LockedTenant locked, Wanted wanted) {
        if (!wanted.streams().isEmpty()) {
            batch.query(
                    row -> locked.versions.put(new StreamId(row.getString(1)), row.getLong(2)),
                    "SELECT stream, version FROM log.stream_head WHERE tenant = ? AND stream = ANY (?)",
                    text(tenant),
                    texts(wanted.streams(), StreamId::value));
        }
        if (!wanted.claims().isEmpty()) {
            batch.query(
                    row -> locked.claims.put(
                            new ClaimKey(row.getString(1), new Digest(row.getBytes(2))),
                            new StreamId(row.getString(3))),
                    // Each kind with each hash: what nobody asked for does no harm, and the key finds it all.
                    "SELECT kind, hash, stream FROM log.claim WHERE tenant = ? AND kind = ANY (?) AND hash = ANY (?)",
                    text(tenant),
                    texts(
                            wanted.claims().stream()
                                    .map(ClaimKey::kind)
                                    .distinct()
                                    .toList(),
                            kind -> kind),
                    blobs(wanted.claims(), key -> key.hash().bytes()));
        }
        if (!wanted.intents().isEmpty()) {
            batch.query(
                    row -> {
                        byte[] key = row.getBytes(4);
                        locked.intents.put(
                                row.getLong(1),
                                new OpenIntent(
                                        row.getLong(2),
                                        new Digest(row.getBytes(3)),
                                        key == null ? null : new Digest(key)));
                    },
                    "SELECT position, deadline_micros, hash, key_hash FROM log.open_intent"
                            + " WHERE tenant = ? AND position = ANY (?) AND feature = ?",
                    text(tenant),
                    numbers(wanted.intents(), position -> position),
                    text(feature));
        }
        if (!wanted.receipts().isEmpty()) {
            batch.query(
                    row -> locked.receipts.put(
                            new Digest(row.getBytes(1)),
                            new StoredReceipt(
                                    new Digest(row.getBytes(2)),
                                    row.getLong(3),
                                    row.getBytes(4),
                                    row.getString(5),
                                    row.getLong(6))),
                    "SELECT key_hash, request_hash, position, reply, code, expires_at_micros FROM log.receipt"
                            + " WHERE tenant = ? AND key_hash = ANY (?)",
                    text(tenant),
                    blobs(wanted.receipts(), Digest::bytes));
        }
    }

    /** Writes what a group came to and commits it, in one round trip: a statement that fails keeps the commit from running. */
    SqlBatch writeAndCommit(AppendRows rows) {
        var batch = new SqlBatch();
        batch.update(
                "INSERT INTO log.record (tenant, position, feature, event_types, record)"
                        + " SELECT ?, p, ?, string_to_array(t, ' '), r FROM unnest(?, ?, ?) AS x (p, t, r)",
                text(tenant),
                text(feature),
                numbers(rows.records, AppendRows.RecordRow::position),
                texts(rows.records, AppendRows.RecordRow::types),
                blobs(rows.records, AppendRows.RecordRow::record));
        addEvents(batch, rows);
        addReceipts(batch, rows);
        addIntents(batch, rows);
        addClaims(batch, rows);
        batch.update(
                "UPDATE log.head SET next_position = ?, recorded_at_micros = ? WHERE tenant = ?",
                number(rows.nextPosition),
                number(rows.recordedAtMicros),
                text(tenant));
        return batch.update("COMMIT");
    }

    private void addEvents(SqlBatch batch, AppendRows rows) {
        if (rows.events.isEmpty()) {
            return;
        }
        batch.update(
                "INSERT INTO log.event (tenant, stream, version, position, ordinal, type)"
                        + " SELECT ?, s, v, p, o, t FROM unnest(?, ?, ?, ?, ?) AS x (s, v, p, o, t)",
                text(tenant),
                texts(rows.events, event -> event.stream().value()),
                numbers(rows.events, AppendRows.EventRow::version),
                numbers(rows.events, AppendRows.EventRow::position),
                numbers(rows.events, event -> (long) event.ordinal()),
                texts(rows.events, AppendRows.EventRow::type));
        batch.update(
                "INSERT INTO log.stream_head (tenant, stream, version) SELECT ?, s, v FROM unnest(?, ?) AS x (s, v)"
                        + " ON CONFLICT (tenant, stream) DO UPDATE SET version = excluded.version",
                text(tenant),
                texts(rows.versions.keySet(), StreamId::value),
                numbers(rows.versions.values(), version -> version));
    }

    private void addReceipts(SqlBatch batch, AppendRows rows) {
        if (!rows.receipts.isEmpty()) {
            batch.update(
                    "INSERT INTO log.receipt"
                            + " (tenant, feature, key_hash, request_hash, position, reply, code, expires_at_micros)"
                            + " SELECT ?, ?, k, q, p, y, c, e FROM unnest(?, ?, ?, ?, ?, ?) AS x (k, q, p, y, c, e)"
                            + " ON CONFLICT (tenant, key_hash) DO UPDATE SET feature = excluded.feature,"
                            + " request_hash = excluded.request_hash, position = excluded.position, reply = excluded.reply,"
                            + " code = excluded.code, expires_at_micros = excluded.expires_at_micros",
                    text(tenant),
                    text(feature),
                    blobs(rows.receipts.keySet(), Digest::bytes),
                    blobs(rows.receipts.values(), receipt -> receipt.request().bytes()),
                    numbers(rows.receipts.values(), StoredReceipt::position),
                    blobs(rows.receipts.values(), StoredReceipt::reply),
                    texts(rows.receipts.values(), StoredReceipt::code),
                    numbers(rows.receipts.values(), StoredReceipt::expiresAtMicros));
        }
        if (!rows.releasedKeys.isEmpty()) {
            batch.update(
                    "DELETE FROM log.receipt WHERE tenant = ? AND key_hash = ANY (?)",
                    text(tenant),
                    blobs(rows.releasedKeys, Digest::bytes));
        }
    }

    private void addIntents(SqlBatch batch, AppendRows rows) {
        if (!rows.openedIntents.isEmpty()) {
            batch.update(
                    "INSERT INTO log.open_intent (tenant, feature, position, deadline_micros, hash, key_hash)"
                            + " SELECT ?, ?, p, d, h, k FROM unnest(?, ?, ?, ?) AS x (p, d, h, k)",
                    text(tenant),
                    text(feature),
                    numbers(rows.openedIntents.keySet(), position -> position),
                    numbers(rows.openedIntents.values(), OpenIntent::deadlineMicros),
                    blobs(rows.openedIntents.values(), intent -> intent.hash().bytes()),
                    blobs(rows.openedIntents.values(), OpenIntent::keyBytes));
        }
        if (!rows.closedIntents.isEmpty()) {
            batch.update(
                    "DELETE FROM log.open_intent WHERE tenant = ? AND position = ANY (?)",
                    text(tenant),
                    numbers(rows.closedIntents, position -> position));
        }
    }

    // First what is released, then what is taken: a name may pass from one to another in a group.
    private void addClaims(SqlBatch batch, AppendRows rows) {
        if (!rows.releasedClaims.isEmpty()) {
            batch.update(
                    "DELETE FROM log.claim WHERE tenant = ? AND kind = ANY (?) AND hash = ANY (?)"
                            + " AND (kind, hash) IN (SELECT k, h FROM unnest(?, ?) AS x (k, h))",
                    text(tenant),
                    texts(rows.releasedClaims, ClaimKey::kind),
                    blobs(rows.releasedClaims, key -> key.hash().bytes()),
                    texts(rows.releasedClaims, ClaimKey::kind),
                    blobs(rows.releasedClaims, key -> key.hash().bytes()));
        }
        if (!rows.takenClaims.isEmpty()) {
            batch.update(
                    "INSERT INTO log.claim (tenant, kind, hash, stream) SELECT ?, k, h, s FROM unnest(?, ?, ?) AS x (k, h, s)",
                    text(tenant),
                    texts(rows.takenClaims.keySet(), ClaimKey::kind),
                    blobs(rows.takenClaims.keySet(), key -> key.hash().bytes()),
                    texts(rows.takenClaims.values(), StreamId::value));
        }
    }

    /**
     * Whether the record at a position has this entry id, once whoever held the head has let go of it.
     *
     * @return empty when this server can't tell: the relay has not found it in step with Kafka
     */
    Optional<Boolean> isEntryAt(long position, ByteString entryId) throws SQLException {
        var inStep = new AtomicBoolean();
        var found = new AtomicBoolean();
        locked(row -> {})
                .query(row -> inStep.set(true), IN_STEP)
                .query(
                        row -> found.set(StoredRecord.parse(row.getBytes(1))
                                .entry()
                                .statement()
                                .getEntryId()
                                .equals(entryId)),
                        "SELECT record FROM log.record WHERE tenant = ? AND position = ?",
                        text(tenant),
                        number(position))
                .execute(connection);
        return inStep.get() ? Optional.of(found.get()) : Optional.empty();
    }
}
