package dev.chancery.vault;

import dev.chancery.decision.EventReading;
import dev.chancery.projection.LogEvent;
import dev.chancery.schema.vault.v1.CredentialTemplateSet;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.LeaseEnded;
import dev.chancery.schema.vault.v1.LeaseIssued;
import dev.chancery.schema.vault.v1.LeaseRenewed;
import dev.chancery.schema.vault.v1.LeaseRoleDropped;
import dev.chancery.schema.vault.v1.SecretLeaked;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;

/** The part of the projection that lists databases, leases, and leaks. */
record LeaseTables(VaultProjection projection) {
    void apply(Connection connection, String tenant, LogEvent event) throws SQLException {
        long atMicros = event.recordedAtMicros();
        switch (event.type()) {
            case "chancery.vault.v1.DatabaseConnected" ->
                connected(connection, tenant, EventReading.read(DatabaseConnected.parser(), event.body()));
            case "chancery.vault.v1.CredentialTemplateSet" ->
                template(connection, tenant, EventReading.read(CredentialTemplateSet.parser(), event.body()));
            case "chancery.vault.v1.LeaseIssued" ->
                issued(connection, tenant, EventReading.read(LeaseIssued.parser(), event.body()), atMicros);
            case "chancery.vault.v1.LeaseRenewed" -> {
                var renewed = EventReading.read(LeaseRenewed.parser(), event.body());
                projection.write(
                        connection,
                        "UPDATE %s.lease SET until_micros = ? WHERE tenant = ? AND lease = ?",
                        renewed.getUntilMicros(),
                        tenant,
                        UUID.fromString(renewed.getLeaseId()));
                due(connection, tenant, renewed.getLeaseId(), renewed.getUntilMicros());
            }
            case "chancery.vault.v1.LeaseEnded" -> {
                var ended = EventReading.read(LeaseEnded.parser(), event.body());
                projection.write(
                        connection,
                        "UPDATE %s.lease SET ended_micros = ?, cause = ? WHERE tenant = ? AND lease = ?",
                        atMicros,
                        ended.getEndValue(),
                        tenant,
                        UUID.fromString(ended.getLeaseId()));
                due(connection, tenant, ended.getLeaseId(), 0);
            }
            case "chancery.vault.v1.LeaseRoleDropped" -> {
                UUID lease = UUID.fromString(EventReading.read(LeaseRoleDropped.parser(), event.body())
                        .getLeaseId());
                projection.write(
                        connection,
                        "UPDATE %s.lease SET dropped_micros = ? WHERE tenant = ? AND lease = ?",
                        atMicros,
                        tenant,
                        lease);
                projection.write(connection, "DELETE FROM %s.open_lease WHERE tenant = ? AND lease = ?", tenant, lease);
            }
            case "chancery.vault.v1.SecretLeaked" ->
                leaked(connection, tenant, EventReading.read(SecretLeaked.parser(), event.body()));
            default -> {}
        }
    }

    /** The leases that rest on it are looked at at once. Credentials need no new value: they are answered by that. */
    private void leaked(Connection connection, String tenant, SecretLeaked leaked) throws SQLException {
        projection.write(
                connection,
                "INSERT INTO %s.leak (tenant, incident, environment, secret, version, channel, severity, reporter,"
                        + " first_exposed_micros, reported_micros, respond_by_micros, answered_micros)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                tenant,
                UUID.fromString(leaked.getIncidentId()),
                Names.environmentOf(leaked.getSecret()),
                leaked.getSecret(),
                leaked.getSecretVersion(),
                leaked.getChannelValue(),
                leaked.getSeverityValue(),
                UUID.fromString(leaked.getReporterId()),
                leaked.getFirstExposedMicros(),
                leaked.getReportedMicros(),
                leaked.getRespondByMicros(),
                leaked.getSecretVersion() == 0 ? leaked.getReportedMicros() : 0L);
        projection.write(
                connection,
                "UPDATE %s.open_lease SET due_micros = 0 WHERE tenant = ? AND lease IN (SELECT l.lease FROM %s.lease l"
                        + " JOIN %s.target t ON t.tenant = l.tenant AND t.database = l.database"
                        + " WHERE l.tenant = ? AND (l.secret = ? OR t.admin_secret = ?))",
                tenant,
                tenant,
                leaked.getSecret(),
                leaked.getSecret());
    }

    private void connected(Connection connection, String tenant, DatabaseConnected database) throws SQLException {
        projection.write(
                connection,
                "INSERT INTO %s.target (tenant, database, environment, host, port, database_name, admin_name, admin_secret,"
                        + " workspace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, database) DO UPDATE SET"
                        + " admin_name = EXCLUDED.admin_name, admin_secret = EXCLUDED.admin_secret, workspace = EXCLUDED.workspace",
                tenant,
                database.getDatabase(),
                Names.environmentOf(database.getDatabase()),
                database.getHost(),
                database.getPort(),
                database.getDatabaseName(),
                database.getAdminName(),
                database.getAdminSecret(),
                UUID.fromString(database.getWorkspaceId()));
    }

    private void template(Connection connection, String tenant, CredentialTemplateSet template) throws SQLException {
        projection.write(
                connection,
                "INSERT INTO %s.template (tenant, secret, database, granted_roles, readers, ttl_seconds, max_ttl_seconds,"
                        + " connections) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, secret) DO UPDATE SET"
                        + " granted_roles = EXCLUDED.granted_roles, readers = EXCLUDED.readers,"
                        + " ttl_seconds = EXCLUDED.ttl_seconds, max_ttl_seconds = EXCLUDED.max_ttl_seconds,"
                        + " connections = EXCLUDED.connections",
                tenant,
                template.getSecret(),
                template.getDatabase(),
                VaultProjection.texts(connection, template.getGrantedRolesList()),
                VaultProjection.texts(connection, template.getReadersList()),
                template.getTtlSeconds(),
                template.getMaxTtlSeconds(),
                template.getConnections());
    }

    private void issued(Connection connection, String tenant, LeaseIssued issued, long atMicros) throws SQLException {
        UUID lease = UUID.fromString(issued.getLeaseId());
        projection.write(
                connection,
                "INSERT INTO %s.lease (tenant, lease, environment, secret, database, role_name, holder, issued_micros,"
                        + " until_micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                tenant,
                lease,
                Names.environmentOf(issued.getSecret()),
                issued.getSecret(),
                issued.getDatabase(),
                issued.getRoleName(),
                UUID.fromString(issued.getHolderId()),
                atMicros,
                issued.getUntilMicros());
        projection.write(
                connection,
                "INSERT INTO %s.open_lease (tenant, lease, database, due_micros) VALUES (?, ?, ?, ?)",
                tenant,
                lease,
                issued.getDatabase(),
                issued.getUntilMicros());
    }

    private void due(Connection connection, String tenant, String lease, long dueMicros) throws SQLException {
        projection.write(
                connection,
                "UPDATE %s.open_lease SET due_micros = ? WHERE tenant = ? AND lease = ?",
                dueMicros,
                tenant,
                UUID.fromString(lease));
    }
}
