package dev.chancery.vault;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.vault.v1.CredentialTemplate;
import dev.chancery.schema.vault.v1.Lease;
import dev.chancery.schema.vault.v1.LeaseEnd;
import dev.chancery.schema.vault.v1.ListDatabasesReply;
import dev.chancery.schema.vault.v1.ListDatabasesRequest;
import dev.chancery.schema.vault.v1.ListLeasesReply;
import dev.chancery.schema.vault.v1.ListLeasesRequest;
import dev.chancery.schema.vault.v1.TargetDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The lists of databases and leases, and what there is to do for them.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class LeaseList {
    /** Leases of one database that are over, in one look. */
    static final int MAX_DUE = 200;

    private static final int MAX_TEMPLATES = 200;

    private final Database database;

    LeaseList(Database database) {
        this.database = database;
    }

    /** Leases of every organisation that are over and whose roles are not known to be gone, by their databases. */
    Map<LeaseRounds.Database, List<String>> due(long nowMicros) {
        return database.transaction(DatabaseRole.VAULT, connection -> {
            try (var query = connection.prepareStatement(
                    // Each database has its own share: what one does not give up keeps no other's from being seen.
                    "SELECT d.tenant, d.database, o.lease::text"
                            + " FROM (SELECT DISTINCT tenant, database FROM vault.open_lease WHERE due_micros <= ?) d"
                            + " CROSS JOIN LATERAL (SELECT lease FROM vault.open_lease l WHERE l.tenant = d.tenant"
                            + " AND l.database = d.database AND l.due_micros <= ? ORDER BY l.due_micros, l.lease LIMIT "
                            + MAX_DUE + ") o")) {
                query.setLong(1, nowMicros);
                query.setLong(2, nowMicros);
                Map<LeaseRounds.Database, List<String>> due = new LinkedHashMap<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        due.computeIfAbsent(
                                        new LeaseRounds.Database(rows.getString(1), rows.getString(2)),
                                        known -> new ArrayList<>())
                                .add(rows.getString(3));
                    }
                }
                return due;
            }
        });
    }

    /** Every organisation's. */
    List<LeaseRounds.Database> databases() {
        return database.transaction(DatabaseRole.VAULT, connection -> {
            try (var query = connection.prepareStatement(
                            "SELECT tenant, database FROM vault.target ORDER BY tenant, database");
                    var rows = query.executeQuery()) {
                List<LeaseRounds.Database> databases = new ArrayList<>();
                while (rows.next()) {
                    databases.add(new LeaseRounds.Database(rows.getString(1), rows.getString(2)));
                }
                return databases;
            }
        });
    }

    ListDatabasesReply databases(String tenant, ListDatabasesRequest request) throws RefusedException {
        int size = VaultList.pageSize(request.getPageSize());
        Optional<ListDatabasesReply> reply = database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            if (!VaultList.exists(connection, tenant, request.getEnvironment())) {
                return Optional.empty();
            }
            try (var query = connection.prepareStatement(
                    "SELECT database, host, port, database_name, admin_name, admin_secret, workspace::text,"
                            + " (SELECT count(*) FROM vault.open_lease o WHERE o.tenant = t.tenant AND o.database = t.database)"
                            + " FROM vault.target t WHERE tenant = ? AND environment = ? AND database > ? ORDER BY database LIMIT ?")) {
                query.setString(1, tenant);
                query.setString(2, request.getEnvironment());
                query.setString(3, request.getPage());
                query.setInt(4, size + 1);
                var databases = ListDatabasesReply.newBuilder();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (databases.getDatabasesCount() == size) {
                            databases.setNextPage(
                                    databases.getDatabases(size - 1).getDatabase());
                            break;
                        }
                        databases.addDatabases(TargetDatabase.newBuilder()
                                .setDatabase(rows.getString(1))
                                .setHost(rows.getString(2))
                                .setPort(rows.getInt(3))
                                .setDatabaseName(rows.getString(4))
                                .setAdminName(rows.getString(5))
                                .setAdminSecret(rows.getString(6))
                                .setWorkspaceId(rows.getString(7))
                                .setOpenLeases(rows.getInt(8)));
                    }
                }
                for (TargetDatabase.Builder each : databases.getDatabasesBuilderList()) {
                    templates(connection, tenant, each);
                }
                return Optional.of(databases.build());
            }
        });
        return reply.orElseThrow(() -> new RefusedException(VaultRejection.NO_SUCH_ENVIRONMENT));
    }

    private static void templates(Connection connection, String tenant, TargetDatabase.Builder of) throws SQLException {
        try (var query = connection.prepareStatement(
                "SELECT secret, granted_roles, readers, ttl_seconds, max_ttl_seconds, connections FROM vault.template"
                        + " WHERE tenant = ? AND database = ? ORDER BY secret LIMIT " + MAX_TEMPLATES)) {
            query.setString(1, tenant);
            query.setString(2, of.getDatabase());
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    of.addTemplates(CredentialTemplate.newBuilder()
                            .setSecret(rows.getString(1))
                            .addAllGrantedRoles(texts(rows, 2))
                            .addAllReaders(texts(rows, 3))
                            .setTtlSeconds(rows.getInt(4))
                            .setMaxTtlSeconds(rows.getInt(5))
                            .setConnections(rows.getInt(6)));
                }
            }
        }
    }

    ListLeasesReply page(String tenant, ListLeasesRequest request) throws RefusedException {
        int size = VaultList.pageSize(request.getPageSize());
        Optional<ListLeasesReply> reply = database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            if (!VaultList.exists(connection, tenant, request.getEnvironment())) {
                return Optional.empty();
            }
            // A lease's id has its time in front.
            try (var query = connection.prepareStatement(
                    "SELECT lease::text, secret, database, role_name, holder::text, issued_micros, until_micros, ended_micros,"
                            + " cause, dropped_micros FROM vault.lease WHERE tenant = ? AND environment = ?"
                            + " AND (? = '' OR lease < ?::uuid) AND (NOT ? OR dropped_micros = 0) ORDER BY lease DESC LIMIT ?")) {
                query.setString(1, tenant);
                query.setString(2, request.getEnvironment());
                query.setString(3, request.getPage());
                query.setString(4, request.getPage().isEmpty() ? null : request.getPage());
                query.setBoolean(5, request.getOpen());
                query.setInt(6, size + 1);
                var page = ListLeasesReply.newBuilder();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (page.getLeasesCount() == size) {
                            page.setNextPage(page.getLeases(size - 1).getLeaseId());
                            break;
                        }
                        page.addLeases(lease(rows));
                    }
                }
                return Optional.of(page.build());
            }
        });
        return reply.orElseThrow(() -> new RefusedException(VaultRejection.NO_SUCH_ENVIRONMENT));
    }

    private static Lease lease(ResultSet row) throws SQLException {
        return Lease.newBuilder()
                .setLeaseId(row.getString(1))
                .setSecret(row.getString(2))
                .setDatabase(row.getString(3))
                .setUsername(row.getString(4))
                .setHolderId(row.getString(5))
                .setIssuedAtMillis(row.getLong(6) / 1000)
                .setEndsAtMillis(row.getLong(7) / 1000)
                .setEndedAtMillis(row.getLong(8) / 1000)
                .setEnd(LeaseEnd.forNumber(row.getInt(9)))
                .setDroppedAtMillis(row.getLong(10) / 1000)
                .build();
    }

    private static List<String> texts(ResultSet row, int column) throws SQLException {
        return Arrays.asList((String[]) row.getArray(column).getArray());
    }
}
