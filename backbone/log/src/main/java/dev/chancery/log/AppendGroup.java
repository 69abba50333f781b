package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.SqlBatch;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/**
 * One transaction for a group of one tenant's drafts: lock the head, judge each draft, sign the admitted ones together, write,
 * commit. Nothing is written that is signed by a key that was withdrawn before the transaction began: the group is signed anew then.
 *
 * <p>Where it can die: before the commit nothing is there; after it everything is. When the connection is lost while the commit is
 * on its way, {@link CommitQuestion} finds out.
 */
final class AppendGroup {
    private static final Logger LOG = Logger.getLogger(AppendGroup.class);

    /**
     * Attempts before a group is refused: the pool may still hold connections that a restart of PostgreSQL has broken, and the memory keys that were
     * withdrawn.
     */
    private static final int MAX_ATTEMPTS = 3;

    static final int MAX_RECORD_BYTES = 1024 * 1024;

    private final Database database;
    private final DatabaseRole role;
    private final String feature;
    private final String instanceId;
    private final SigningKeys keys;
    private final String key;
    private final CommitQuestion question;

    /** What one attempt came to. No connection is held any more: whatever comes next may need it. */
    private sealed interface Attempt {
        /** The final results. */
        record Ended(List<AppendResult> results) implements Attempt {}

        /** The final results, if the commit arrived. */
        record Unknown(List<AppendResult> results) implements Attempt {}

        /** Nothing was written. */
        record Failed(Exception cause) implements Attempt {}

        /** Nothing was written: the key that would have signed it was withdrawn. */
        record KeyWithdrawn() implements Attempt {}
    }

    AppendGroup(Database database, DatabaseRole role, String instanceId, SigningKeys keys, Duration unknownLimit) {
        this.database = database;
        this.role = role;
        this.feature = role.name();
        this.instanceId = instanceId;
        this.keys = keys;
        this.key = instanceId + "/source/" + role.name();
        this.question = new CommitQuestion(database, role, feature, unknownLimit);
    }

    /** A result for each draft, in order. */
    List<AppendResult> commit(String tenant, List<PreparedDraft> group) {
        for (int attempt = 1; ; attempt++) {
            Signer signer;
            try {
                signer = keys.signer(key);
            } catch (RuntimeException e) {
                LOG.warnf("Append failed: tenant=%s drafts=%d key=%s cause=%s", tenant, group.size(), key, e);
                return all(group, LogRejection.UNAVAILABLE);
            }
            switch (attempt(tenant, group, signer)) {
                case Attempt.KeyWithdrawn _ -> {
                    keys.forget(key);
                    if (attempt == MAX_ATTEMPTS) {
                        LOG.warnf("Append failed: tenant=%s drafts=%d key=%s withdrawn", tenant, group.size(), key);
                        return all(group, LogRejection.UNAVAILABLE);
                    }
                }
                case Attempt.Ended ended -> {
                    return ended.results();
                }
                case Attempt.Unknown unknown -> {
                    return question.answer(tenant, group, unknown.results());
                }
                case Attempt.Failed failed -> {
                    var failure = AppendFailure.of(failed.cause());
                    if (failure == AppendFailure.CONNECTION && attempt < MAX_ATTEMPTS) {
                        continue;
                    }
                    if (failure == AppendFailure.DRAFT && group.size() > 1) {
                        return inHalves(tenant, group);
                    }
                    if (failure == AppendFailure.DRAFT) {
                        LOG.errorf(failed.cause(), "Record refused: tenant=%s", tenant);
                    } else {
                        LOG.warnf("Append failed: tenant=%s drafts=%d why=%s", tenant, group.size(), failure);
                    }
                    return all(group, failure.rejection());
                }
            }
        }
    }

    /** PostgreSQL refused one of these drafts and doesn't say which: the others are not to suffer. */
    private List<AppendResult> inHalves(String tenant, List<PreparedDraft> group) {
        int half = group.size() / 2;
        List<AppendResult> results = new ArrayList<>(commit(tenant, group.subList(0, half)));
        results.addAll(commit(tenant, group.subList(half, group.size())));
        return results;
    }

    private Attempt attempt(String tenant, List<PreparedDraft> group, Signer signer) {
        Connection connection;
        try {
            connection = database.connection(role);
        } catch (SQLException e) {
            return new Attempt.Failed(e);
        }
        var locked = new LockedTenant();
        List<AppendResult> results = new ArrayList<>(group.size());
        boolean committing = false;
        boolean clean = false;
        try {
            Optional<SqlBatch> write = judge(connection, tenant, group, signer, locked, results);
            if (write.isPresent()) {
                committing = true;
                write.get().execute(connection);
            } else {
                connection.rollback();
            }
            clean = true;
            return locked.keyWithdrawn ? new Attempt.KeyWithdrawn() : new Attempt.Ended(results);
        } catch (SQLException | RuntimeException e) {
            if (committing && !isRefusal(e)) {
                LOG.warnf(
                        "Commit unknown: tenant=%s cause=%s",
                        tenant, e.getClass().getSimpleName());
                return new Attempt.Unknown(results);
            }
            clean = rolledBack(connection);
            return new Attempt.Failed(e);
        } finally {
            giveBack(connection, clean);
        }
    }

    /** Whether PostgreSQL said that it refused a statement, the commit included, and so has committed nothing. */
    private static boolean isRefusal(Exception e) {
        return e instanceof PSQLException sql
                && sql.getServerErrorMessage() != null
                && AppendFailure.of(sql) != AppendFailure.CONNECTION;
    }

    /** Fills {@code results}, which hold once what this answers was executed; empty when there is nothing to write. */
    private Optional<SqlBatch> judge(
            Connection connection,
            String tenant,
            List<PreparedDraft> group,
            Signer signer,
            LockedTenant locked,
            List<AppendResult> results)
            throws SQLException {
        var sql = new AppendSql(connection, tenant, feature);
        Optional<Rejection> refusal = sql.lock(
                locked,
                signer.verifierKey(),
                group.stream().map(PreparedDraft::draft).toList());
        if (locked.keyWithdrawn) {
            return Optional.empty();
        }
        if (refusal.isPresent()) {
            results.addAll(all(group, refusal.get()));
            return Optional.empty();
        }
        var rows = new AppendRows(locked);
        List<Admitted> admitted = new ArrayList<>(group.size());
        List<Optional<AppendResult>> objections = new ArrayList<>(group.size());
        for (PreparedDraft draft : group) {
            Optional<AppendResult> objection = locked.objection(draft.draft());
            if (objection.isEmpty()) {
                Admitted next = admit(draft, tenant, signer.verifierKey().keyId(), locked);
                objection = next.sizeObjection();
                if (objection.isEmpty()) {
                    admitted.add(next);
                    rows.admit(draft);
                }
            }
            objections.add(objection);
        }
        Iterator<AppendResult.Appended> appended = sign(admitted, signer, rows).iterator();
        objections.forEach(objection -> results.add(objection.orElseGet(appended::next)));
        return admitted.isEmpty() ? Optional.empty() : Optional.of(sql.writeAndCommit(rows));
    }

    /** A draft that may be appended, with what it says at its place. */
    private record Admitted(PreparedDraft draft, long position, long recordedAtMicros, Statement statement) {
        /** Counts what company adds, so that a draft is not refused for that. */
        Optional<AppendResult> sizeObjection() {
            int statementBytes = statement.getSerializedSize();
            boolean fits = statementBytes <= EntryFrame.MAX_STATEMENT_BYTES
                    && draft.recordBytes(EntryFrame.bytes(statementBytes, 0, EntryFrame.MAX_GROUP)) <= MAX_RECORD_BYTES;
            return fits ? Optional.empty() : Optional.of(new AppendResult.Refused(LogRejection.TOO_LARGE));
        }
    }

    private Admitted admit(PreparedDraft draft, String tenant, int keyId, LockedTenant locked) {
        long position = locked.nextPosition;
        long recordedAtMicros = locked.recordedAtMicros();
        Statement statement = draft.statement(instanceId + "/" + tenant, feature, keyId, position, recordedAtMicros);
        return new Admitted(draft, position, recordedAtMicros, statement);
    }

    /** Signs them all with one signature, and takes their rows. */
    private List<AppendResult.Appended> sign(List<Admitted> admitted, Signer signer, AppendRows rows) {
        List<Entry> entries =
                Entry.sign(admitted.stream().map(Admitted::statement).toList(), signer);
        List<AppendResult.Appended> results = new ArrayList<>(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            Admitted one = admitted.get(i);
            var hash = new Digest(entries.get(i).leafHash());
            rows.add(one.draft(), one.position(), one.recordedAtMicros(), entries.get(i), hash);
            results.add(new AppendResult.Appended(one.position(), one.recordedAtMicros(), hash));
        }
        return results;
    }

    private static List<AppendResult> all(List<PreparedDraft> group, Rejection rejection) {
        return Collections.nCopies(group.size(), new AppendResult.Refused(rejection));
    }

    private static boolean rolledBack(Connection connection) {
        try {
            connection.rollback();
            return true;
        } catch (SQLException e) {
            LOG.debugf("Rollback failed: sqlstate=%s", e.getSQLState());
            return false;
        }
    }

    // What has been answered by now stays answered. A connection that may still hold the head must not go back to the
    // pool.
    private static void giveBack(Connection connection, boolean clean) {
        try (connection) {
            if (!clean) {
                // Past the pool: its own abort neither ends the connection nor frees its place. The rollback then
                // fails, and that
                // tells the pool.
                if (connection.unwrap(PGConnection.class) instanceof Connection broken) {
                    broken.abort(Runnable::run);
                }
                connection.rollback();
            }
        } catch (SQLException e) {
            LOG.debugf("Connection not given back: sqlstate=%s", e.getSQLState());
        }
    }
}
