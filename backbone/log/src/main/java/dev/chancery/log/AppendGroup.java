package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Signer;
import dev.chancery.schema.log.v1.Statement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * One transaction for a group of one tenant's drafts: lock the head, judge each draft, sign the admitted ones, write, commit.
 *
 * <p>Where it can die: before the commit nothing is there; after it everything is. When the connection is lost while the commit is
 * on its way, {@link #resolve} looks for the group's first entry under the head lock, which the lost transaction has let go of by then.
 */
final class AppendGroup {
    private static final Logger LOG = Logger.getLogger(AppendGroup.class);

    /** Attempts to find out what became of a commit, one second apart. */
    private static final int RESOLVE_ATTEMPTS = 5;

    private static final int MAX_RECORD_BYTES = 1024 * 1024;

    private final Database database;
    private final DatabaseRole role;
    private final String feature;
    private final String instanceId;
    private final Signer signer;

    AppendGroup(Database database, DatabaseRole role, String instanceId, Signer signer) {
        this.database = database;
        this.role = role;
        this.feature = role.name().toLowerCase(Locale.ROOT);
        this.instanceId = instanceId;
        this.signer = signer;
    }

    /** A result for each draft, in order. */
    List<AppendResult> commit(String tenant, List<PreparedDraft> group) {
        try (Connection connection = database.as(role).getConnection()) {
            List<AppendResult> results = new ArrayList<>(group.size());
            boolean changed;
            try {
                changed = run(connection, tenant, group, results);
            } catch (SQLException | RuntimeException e) {
                rollback(connection);
                return failed(tenant, group, e);
            }
            if (!changed) {
                rollback(connection);
                return results;
            }
            try {
                connection.commit();
            } catch (SQLException e) {
                LOG.warnf("Commit unknown: tenant=%s sqlstate=%s", tenant, e.getSQLState());
                return resolve(tenant, group, results);
            }
            return results;
        } catch (SQLException e) {
            // The pool had no connection to give, or could not take this one back.
            LOG.warnf("No connection for an append: tenant=%s sqlstate=%s", tenant, e.getSQLState());
            return all(group, LogRejection.UNAVAILABLE);
        }
    }

    /** Fills {@code results}; true when something was written. */
    private boolean run(Connection connection, String tenant, List<PreparedDraft> group, List<AppendResult> results)
            throws SQLException {
        var sql = new AppendSql(connection, tenant);
        var locked = new LockedTenant();
        Optional<LogRejection> refusal =
                sql.lock(locked, group.stream().map(PreparedDraft::draft).toList());
        if (refusal.isPresent()) {
            results.addAll(all(group, refusal.get()));
            return false;
        }
        var rows = new AppendRows();
        for (PreparedDraft draft : group) {
            results.add(locked.objection(draft.draft()).orElseGet(() -> admit(draft, tenant, locked, rows)));
        }
        if (rows.records.isEmpty()) {
            return false;
        }
        sql.write(rows, feature);
        return true;
    }

    private AppendResult admit(PreparedDraft prepared, String tenant, LockedTenant locked, AppendRows rows) {
        long position = locked.nextPosition;
        long recordedAtMicros = locked.recordedAtMicros();
        Statement statement = prepared.statement(
                instanceId + "/" + tenant, feature, signer.verifierKey().keyId(), position, recordedAtMicros);
        int entryBytes = statement.getSerializedSize() + 65;
        int recordBytes = entryBytes
                + prepared.bodies().stream().mapToInt(body -> body.size() + 8).sum();
        if (entryBytes > Entry.MAX_BYTES || recordBytes > MAX_RECORD_BYTES) {
            return new AppendResult.Refused(LogRejection.TOO_LARGE);
        }
        Entry entry = Entry.sign(statement, signer);
        rows.add(prepared, entry, position, recordedAtMicros, locked);
        return new AppendResult.Appended(position, recordedAtMicros, new Digest(entry.leafHash()));
    }

    /** Before the commit: nothing was written. A group fails together when PostgreSQL is gone; a bad draft is found by itself. */
    private List<AppendResult> failed(String tenant, List<PreparedDraft> group, Exception cause) {
        boolean connectionLost = cause instanceof SQLException sql
                && (sql.getSQLState() == null
                        || sql.getSQLState().startsWith("08")
                        || sql.getSQLState().startsWith("57")
                        || sql.getSQLState().startsWith("53"));
        if (!connectionLost && group.size() > 1) {
            List<AppendResult> results = new ArrayList<>(group.size());
            group.forEach(draft -> results.addAll(commit(tenant, List.of(draft))));
            return results;
        }
        LOG.errorf(cause, "Append failed: tenant=%s drafts=%d", tenant, group.size());
        return all(group, LogRejection.UNAVAILABLE);
    }

    private List<AppendResult> resolve(String tenant, List<PreparedDraft> group, List<AppendResult> results) {
        int first = 0;
        while (!(results.get(first) instanceof AppendResult.Appended)) {
            first++;
        }
        long position = ((AppendResult.Appended) results.get(first)).position();
        var entryId = group.get(first).draft().statement().getEntryId();
        for (int attempt = 1; attempt <= RESOLVE_ATTEMPTS; attempt++) {
            try {
                boolean there =
                        database.inTenant(role, tenant, connection -> isEntryAt(connection, tenant, position, entryId));
                LOG.infof("Commit resolved: tenant=%s position=%d there=%s", tenant, position, there);
                return there ? results : unavailable(results);
            } catch (RuntimeException e) {
                LOG.warnf("Commit still unknown: tenant=%s attempt=%d", tenant, attempt);
                pause();
            }
        }
        return all(group, LogRejection.OUTCOME_UNKNOWN);
    }

    private static boolean isEntryAt(
            Connection connection, String tenant, long position, com.google.protobuf.ByteString entryId)
            throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("SELECT 1 FROM log.head WHERE tenant = ? FOR UPDATE;"
                + "SELECT record FROM log.record WHERE tenant = ? AND position = ?")) {
            query.setString(1, tenant);
            query.setString(2, tenant);
            query.setLong(3, position);
            query.execute();
            query.getMoreResults();
            try (ResultSet row = query.getResultSet()) {
                return row.next()
                        && StoredRecord.parse(row.getBytes(1))
                                .entry()
                                .statement()
                                .getEntryId()
                                .equals(entryId);
            }
        }
    }

    private static List<AppendResult> unavailable(List<AppendResult> results) {
        return results.stream()
                .map(result -> result instanceof AppendResult.Appended
                        ? new AppendResult.Refused(LogRejection.UNAVAILABLE)
                        : result)
                .toList();
    }

    private static List<AppendResult> all(List<PreparedDraft> group, LogRejection rejection) {
        return Collections.nCopies(group.size(), new AppendResult.Refused(rejection));
    }

    private static void rollback(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            LOG.debugf("Rollback failed: sqlstate=%s", e.getSQLState());
        }
    }

    private static void pause() {
        try {
            Thread.sleep(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
