package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.SqlBatch;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/** The log of one installation, as one process of every feature has it, on a database that the relay has found in step. */
final class TestLog implements AutoCloseable {
    static final String INSTANCE = "ch-test";
    private static final Sealer SEALER = TemporaryFile.with(KeyFileSealer::create);

    final Database database;
    final RelayGuard guard;
    final SigningKeys keys;
    private final Map<DatabaseRole, Appender> appenders = new HashMap<>();

    TestLog(Database database) {
        this(
                database,
                new SigningKeys(database, SEALER),
                new RelayGuard(database, DatabaseRole.IDENTITY, "no_such_slot", Long.MAX_VALUE));
    }

    private TestLog(Database database, SigningKeys keys, RelayGuard guard) {
        this.database = database;
        this.keys = keys;
        this.guard = guard;
    }

    /** The same log on another way to its database. */
    TestLog by(Database other) {
        return new TestLog(other, keys, guard);
    }

    /** On a new database of the shared server. */
    static TestLog fresh() {
        var log = new TestLog(Backing.database("keyring", "log"));
        log.reconcile();
        return log;
    }

    /** What the relay does once it has compared PostgreSQL with Kafka. */
    void reconcile() {
        update(DatabaseRole.RELAY, "", """
                INSERT INTO log.reconciled (system_identifier, timeline)
                SELECT system_identifier, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer
                FROM pg_control_system()
                ON CONFLICT ON CONSTRAINT reconciled_pkey DO UPDATE
                SET system_identifier = excluded.system_identifier, timeline = excluded.timeline""");
    }

    /** As another process has them: nothing cached. */
    SigningKeys freshKeys() {
        return new SigningKeys(database, SEALER);
    }

    VerifierKeys keys() {
        return new VerifierKeys(database, DatabaseRole.DECISIONS);
    }

    Signer signer(DatabaseRole role) {
        return keys.signer(INSTANCE + "/source/" + feature(role));
    }

    static String feature(DatabaseRole role) {
        return role.name();
    }

    /** The appender of this process; the same each time. */
    synchronized Appender appender(DatabaseRole role) {
        return appenders.computeIfAbsent(role, this::anotherAppender);
    }

    /** As another process has it. */
    Appender anotherAppender(DatabaseRole role) {
        return new Appender(database, role, INSTANCE, keys, guard);
    }

    AppendGroup group(DatabaseRole role) {
        return new AppendGroup(database, role, INSTANCE, keys, java.time.Duration.ofSeconds(2));
    }

    /** Commits what it is given as one group. */
    List<AppendResult> commit(DatabaseRole role, Draft... drafts) {
        return group(role)
                .commit(
                        drafts[0].tenant(),
                        List.of(drafts).stream().map(PreparedDraft::of).toList());
    }

    AppendResult.Appended appended(DatabaseRole role, Draft draft) {
        AppendResult result = appender(role).append(draft);
        if (result instanceof AppendResult.Appended appended) {
            return appended;
        }
        throw new AssertionError(result);
    }

    /** A new tenant, whose log is empty. */
    String tenant() {
        String tenant = UUID.randomUUID().toString();
        new LogCreation(database, DatabaseRole.IDENTITY).begin(tenant);
        return tenant;
    }

    List<StoredRecord> records(String tenant) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            List<StoredRecord> records = new ArrayList<>();
            new SqlBatch()
                    .query(
                            row -> records.add(StoredRecord.parse(row.getBytes(1))),
                            "SELECT record FROM log.record WHERE tenant = ? ORDER BY position",
                            SqlBatch.text(tenant))
                    .execute(connection);
            return records;
        });
    }

    int update(DatabaseRole role, String tenant, String sql) {
        return database.inTenant(role, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
    }

    long query(DatabaseRole role, String tenant, String sql) {
        return database.inTenant(role, tenant, connection -> {
            try (var statement = connection.createStatement();
                    var found = statement.executeQuery(sql)) {
                found.next();
                return found.getLong(1);
            }
        });
    }

    long openIntents(DatabaseRole role, String tenant) {
        return query(role, tenant, "SELECT count(*) FROM log.open_intent WHERE tenant = '" + tenant + "'");
    }

    /** PostgreSQL's clock. */
    long nowMicros() {
        return query(DatabaseRole.IDENTITY, "", "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
    }

    /** Waits until PostgreSQL's clock is past a record's deadline. */
    void passes(long micros) {
        await(() -> nowMicros() > micros);
    }

    static void await(BooleanSupplier condition) {
        long startedNanos = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startedNanos > 20_000_000_000L) {
                throw new AssertionError("not within 20 s");
            }
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }

    @Override
    public void close() {
        appenders.values().forEach(Appender::close);
        guard.close();
        database.close();
    }
}
