package dev.chancery.vault;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.vault.v1.LeakChannel;
import dev.chancery.schema.vault.v1.LeakReader;
import dev.chancery.schema.vault.v1.LeakSeverity;
import dev.chancery.schema.vault.v1.ListSecretLeaksReply;
import dev.chancery.schema.vault.v1.ListSecretLeaksRequest;
import dev.chancery.schema.vault.v1.SecretLeak;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;

/**
 * The list of leaks.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class LeakList {
    private static final int MAX_SIZE = 100;
    private static final int DEFAULT_SIZE = 20;
    private static final int MAX_READERS = 200;

    private final Database database;

    LeakList(Database database) {
        this.database = database;
    }

    ListSecretLeaksReply page(String tenant, ListSecretLeaksRequest request, long atMicros) throws RefusedException {
        int size = request.getPageSize() == 0 ? DEFAULT_SIZE : request.getPageSize();
        if (Integer.compareUnsigned(size, MAX_SIZE) > 0) {
            throw new RefusedException(VaultRejection.LEAK_PAGE);
        }
        Optional<ListSecretLeaksReply> reply = database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            if (!VaultList.exists(connection, tenant, request.getEnvironment())) {
                return Optional.empty();
            }
            // An incident's id has its time in front.
            try (var query = connection.prepareStatement(
                    "SELECT incident::text, secret, channel, severity, reporter::text, first_exposed_micros, reported_micros,"
                            + " respond_by_micros, answered_micros, version FROM vault.leak WHERE tenant = ? AND environment = ?"
                            + " AND (? = '' OR secret = ?) AND (? = '' OR incident < ?::uuid) ORDER BY incident DESC LIMIT ?")) {
                query.setString(1, tenant);
                query.setString(2, request.getEnvironment());
                query.setString(3, request.getSecret());
                query.setString(4, request.getSecret());
                query.setString(5, request.getPage());
                query.setString(6, request.getPage().isEmpty() ? null : request.getPage());
                query.setInt(7, size + 1);
                var page = ListSecretLeaksReply.newBuilder();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (page.getLeaksCount() == size) {
                            page.setNextPage(page.getLeaks(size - 1).getIncidentId());
                            break;
                        }
                        page.addLeaks(leak(rows, atMicros));
                    }
                }
                for (SecretLeak.Builder leak : page.getLeaksBuilderList()) {
                    readers(connection, tenant, leak);
                    use(connection, tenant, leak);
                }
                return Optional.of(page.build());
            }
        });
        return reply.orElseThrow(() -> new RefusedException(VaultRejection.NO_SUCH_ENVIRONMENT));
    }

    private static SecretLeak.Builder leak(ResultSet row, long atMicros) throws SQLException {
        long respondBy = row.getLong(8);
        long answered = row.getLong(9);
        return SecretLeak.newBuilder()
                .setIncidentId(row.getString(1))
                .setSecret(row.getString(2))
                .setChannel(Objects.requireNonNull(LeakChannel.forNumber(row.getInt(3))))
                .setSeverity(Objects.requireNonNull(LeakSeverity.forNumber(row.getInt(4))))
                .setReporterId(row.getString(5))
                .setFirstExposedAtMillis(row.getLong(6) / 1_000)
                .setReportedAtMillis(row.getLong(7) / 1_000)
                .setRespondByMillis(respondBy / 1_000)
                .setAnsweredAtMillis(answered / 1_000)
                .setOverdue(answered == 0 && respondBy <= atMicros)
                .setSecretVersion(row.getInt(10));
    }

    private static void readers(Connection connection, String tenant, SecretLeak.Builder leak) throws SQLException {
        try (var query = connection.prepareStatement("""
                SELECT r.reader::text, bool_or(r.person), sum(r.reads), min(r.first_micros), max(r.last_micros),
                    coalesce((SELECT min(n.first_micros) FROM vault.reader n WHERE n.tenant = r.tenant AND n.secret = r.secret
                        AND n.reader = r.reader AND n.version > ?), 0)
                FROM vault.reader r WHERE r.tenant = ? AND r.secret = ? AND r.version <= ?
                GROUP BY r.tenant, r.secret, r.reader ORDER BY max(r.last_micros) DESC, r.reader LIMIT ?""")) {
            query.setInt(1, leak.getSecretVersion());
            query.setString(2, tenant);
            query.setString(3, leak.getSecret());
            query.setInt(4, leak.getSecretVersion());
            query.setInt(5, MAX_READERS);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    long last = rows.getLong(5) / 1_000;
                    leak.addReaders(LeakReader.newBuilder()
                            .setReaderId(rows.getString(1))
                            .setPerson(rows.getBoolean(2))
                            .setReads(rows.getLong(3))
                            .setFirstReadAtMillis(rows.getLong(4) / 1_000)
                            .setLastReadAtMillis(last)
                            .setExposed(last >= leak.getFirstExposedAtMillis())
                            .setMovedOnAtMillis(rows.getLong(6) / 1_000));
                }
            }
        }
    }

    /** Who still has only what leaked. */
    private static void use(Connection connection, String tenant, SecretLeak.Builder leak) throws SQLException {
        try (var query = connection.prepareStatement("""
                SELECT (SELECT count(DISTINCT r.reader) FROM vault.reader r WHERE r.tenant = ? AND r.secret = ? AND r.version <= ?
                        AND NOT r.person AND NOT EXISTS (SELECT FROM vault.reader n WHERE n.tenant = r.tenant
                            AND n.secret = r.secret AND n.reader = r.reader AND n.version > ?)),
                    (SELECT count(*) FROM vault.open_lease o JOIN vault.lease l USING (tenant, lease)
                        JOIN vault.target t ON t.tenant = l.tenant AND t.database = l.database
                        WHERE o.tenant = ? AND (l.secret = ? OR t.admin_secret = ?) AND l.issued_micros < ?),
                    count(*) FILTER (WHERE v.issued), count(*) FILTER (WHERE v.issued AND v.withdrawn_micros = 0)
                    FROM vault.version v WHERE v.tenant = ? AND v.secret = ? AND v.version <= ?""")) {
            query.setString(1, tenant);
            query.setString(2, leak.getSecret());
            query.setInt(3, leak.getSecretVersion());
            query.setInt(4, leak.getSecretVersion());
            query.setString(5, tenant);
            query.setString(6, leak.getSecret());
            query.setString(7, leak.getSecret());
            query.setLong(8, leak.getReportedAtMillis() * 1_000);
            query.setString(9, tenant);
            query.setString(10, leak.getSecret());
            query.setInt(11, leak.getSecretVersion());
            try (var row = query.executeQuery()) {
                row.next();
                leak.setWaiting(row.getInt(1))
                        .setOpenLeases(row.getInt(2))
                        .setIssued(row.getInt(3))
                        .setAtIssuer(row.getInt(4));
            }
        }
        leak.setUnused(leak.getAnsweredAtMillis() != 0
                && leak.getWaiting() == 0
                && leak.getOpenLeases() == 0
                && leak.getAtIssuer() == 0);
    }
}
