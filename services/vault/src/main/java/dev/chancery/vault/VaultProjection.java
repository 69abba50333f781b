package dev.chancery.vault;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.schema.egress.v1.ConnectorDisconnected;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.vault.v1.BoundSecretDestroyed;
import dev.chancery.schema.vault.v1.EnvironmentAccessSet;
import dev.chancery.schema.vault.v1.EnvironmentCreated;
import dev.chancery.schema.vault.v1.SecretAccessSet;
import dev.chancery.schema.vault.v1.SecretBound;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionDeprecated;
import dev.chancery.schema.vault.v1.SecretVersionDestroyed;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.schema.vault.v1.SecretVersionWithdrawn;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** Lists each organisation's environments, secrets, databases and leases; knows no value, sealed or not. */
record VaultProjection(String schema, DatabaseRole role) implements Projection {
    static final String VERSION = "secret-version";

    private static final String RELEASE = "vault.secret.read";

    @Override
    public String name() {
        return "vault";
    }

    @Override
    public List<String> tables() {
        return List.of(
                "environment",
                "secret",
                "version",
                "target",
                "template",
                "lease",
                "open_lease",
                "reader",
                "leak",
                "binding");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        var leases = new LeaseTables(this);
        for (LogRecord record : run) {
            for (LogEvent event : record.events()) {
                apply(connection, tenant, event);
                leases.apply(connection, tenant, event);
            }
            Statement said = record.statement();
            // What a read of a reference to credentials is about is a lease.
            if (said.getAction().equals(RELEASE)
                    && said.getTarget().getType().equals(VERSION)
                    && said.hasOutcome()
                    && said.getOutcome().getResult() == Result.SUCCESS) {
                String version = said.getTarget().getId();
                write(
                        connection,
                        "UPDATE %s.version SET last_read_micros = ?, reads = reads + 1"
                                + " WHERE tenant = ? AND secret = ? AND version = ?",
                        said.getRecordedAtMicros(),
                        tenant,
                        Names.secretOf(version),
                        Names.versionOf(version));
                write(
                        connection,
                        "INSERT INTO %s.reader AS r (tenant, secret, version, reader, person, first_micros, last_micros, reads)"
                                + " VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (tenant, secret, version, reader) DO UPDATE SET"
                                + " last_micros = EXCLUDED.last_micros, reads = r.reads + 1",
                        tenant,
                        Names.secretOf(version),
                        Names.versionOf(version),
                        UUID.fromString(said.getActor().getId()),
                        said.getActor().getType() == ActorType.ACTOR_TYPE_USER,
                        said.getRecordedAtMicros(),
                        said.getRecordedAtMicros());
            }
        }
    }

    private void apply(Connection connection, String tenant, LogEvent event) throws SQLException {
        long atMicros = event.recordedAtMicros();
        switch (event.type()) {
            case "chancery.vault.v1.EnvironmentCreated" -> {
                var created = EventReading.read(EnvironmentCreated.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.environment (tenant, environment, production, readers, writers) VALUES (?, ?, ?, ?, ?)",
                        tenant,
                        created.getEnvironment(),
                        created.getProduction(),
                        texts(connection, created.getReadersList()),
                        texts(connection, created.getWritersList()));
            }
            case "chancery.vault.v1.EnvironmentAccessSet" -> {
                var set = EventReading.read(EnvironmentAccessSet.parser(), event.body());
                write(
                        connection,
                        "UPDATE %s.environment SET readers = ?, writers = ? WHERE tenant = ? AND environment = ?",
                        texts(connection, set.getReadersList()),
                        texts(connection, set.getWritersList()),
                        tenant,
                        set.getEnvironment());
            }
            case "chancery.vault.v1.SecretVersionWritten" -> {
                var written = EventReading.read(SecretVersionWritten.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.secret AS s (tenant, secret, environment, renew_micros, since_micros) VALUES (?, ?, ?, ?, ?)"
                                + " ON CONFLICT (tenant, environment, secret) DO UPDATE SET renew_micros = EXCLUDED.renew_micros,"
                                + " since_micros = EXCLUDED.since_micros",
                        tenant,
                        written.getSecret(),
                        Names.environmentOf(written.getSecret()),
                        renewMicros(written, atMicros),
                        atMicros);
                write(
                        connection,
                        "INSERT INTO %s.version AS v (tenant, secret, version, state, written_micros, until_micros)"
                                + " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, secret, version) DO UPDATE SET state = EXCLUDED.state,"
                                + " written_micros = EXCLUDED.written_micros, until_micros = EXCLUDED.until_micros",
                        tenant,
                        written.getSecret(),
                        written.getSecretVersion(),
                        SecretVersionState.SECRET_VERSION_STATE_CURRENT_VALUE,
                        atMicros,
                        written.getExpiresMicros());
                write(
                        connection,
                        "UPDATE %s.leak SET answered_micros = ? WHERE tenant = ? AND secret = ? AND answered_micros = 0",
                        atMicros,
                        tenant,
                        written.getSecret());
            }
            case "chancery.vault.v1.SecretVersionAsked" -> {
                var asked = EventReading.read(SecretVersionAsked.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.version (tenant, secret, version, state, written_micros, issued) VALUES (?, ?, ?, ?, 0, true)",
                        tenant,
                        asked.getSecret(),
                        asked.getSecretVersion(),
                        SecretVersionState.SECRET_VERSION_STATE_ASKED_VALUE);
            }
            case "chancery.vault.v1.SecretVersionWithdrawn" -> {
                var withdrawn = EventReading.read(SecretVersionWithdrawn.parser(), event.body());
                write(
                        connection,
                        "UPDATE %s.version SET withdrawn_micros = ? WHERE tenant = ? AND secret = ? AND version = ?",
                        atMicros,
                        tenant,
                        withdrawn.getSecret(),
                        withdrawn.getSecretVersion());
            }
            case "chancery.vault.v1.SecretVersionDeprecated" -> {
                var deprecated = EventReading.read(SecretVersionDeprecated.parser(), event.body());
                state(
                        connection,
                        tenant,
                        deprecated.getSecret(),
                        deprecated.getSecretVersion(),
                        SecretVersionState.SECRET_VERSION_STATE_DEPRECATED,
                        deprecated.getUntilMicros());
            }
            case "chancery.vault.v1.SecretVersionRevoked" -> {
                var revoked = EventReading.read(SecretVersionRevoked.parser(), event.body());
                state(
                        connection,
                        tenant,
                        revoked.getSecret(),
                        revoked.getSecretVersion(),
                        SecretVersionState.SECRET_VERSION_STATE_REVOKED,
                        0);
            }
            case "chancery.vault.v1.SecretVersionDestroyed" -> {
                var destroyed = EventReading.read(SecretVersionDestroyed.parser(), event.body());
                state(
                        connection,
                        tenant,
                        destroyed.getSecret(),
                        destroyed.getSecretVersion(),
                        SecretVersionState.SECRET_VERSION_STATE_DESTROYED,
                        0);
            }
            case "chancery.vault.v1.SecretBound" -> {
                var bound = EventReading.read(SecretBound.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.binding (tenant, secret, workspace, connector) VALUES (?, ?, ?, ?)"
                                + " ON CONFLICT (tenant, secret) DO UPDATE SET workspace = EXCLUDED.workspace,"
                                + " connector = EXCLUDED.connector, disconnected = false",
                        tenant,
                        bound.getSecret(),
                        UUID.fromString(bound.getWorkspaceId()),
                        bound.getConnector());
            }
            case "chancery.egress.v1.ConnectorDisconnected" ->
                disconnected(connection, tenant, EventReading.read(ConnectorDisconnected.parser(), event.body()));
            case "chancery.vault.v1.BoundSecretDestroyed" -> {
                String secret = EventReading.read(BoundSecretDestroyed.parser(), event.body())
                        .getSecret();
                write(
                        connection,
                        "UPDATE %s.version SET state = ?, until_micros = 0 WHERE tenant = ? AND secret = ?",
                        SecretVersionState.SECRET_VERSION_STATE_DESTROYED_VALUE,
                        tenant,
                        secret);
                write(connection, "DELETE FROM %s.template WHERE tenant = ? AND secret = ?", tenant, secret);
                write(connection, "DELETE FROM %s.binding WHERE tenant = ? AND secret = ?", tenant, secret);
            }
            case "chancery.vault.v1.SecretAccessSet" -> {
                var set = EventReading.read(SecretAccessSet.parser(), event.body());
                write(
                        connection,
                        "UPDATE %s.secret SET readers = ? WHERE tenant = ? AND environment = ? AND secret = ?",
                        texts(connection, set.getReadersList()),
                        tenant,
                        Names.environmentOf(set.getSecret()),
                        set.getSecret());
            }
            case "chancery.vault.v1.SecretRotationSet" -> {
                var set = EventReading.read(SecretRotationSet.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.secret AS s (tenant, secret, environment, owner, every_days, window_hours, generated, secret_class,"
                                + " rotator, since_micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, environment, secret) DO UPDATE SET"
                                + " owner = EXCLUDED.owner, every_days = EXCLUDED.every_days,"
                                + " window_hours = EXCLUDED.window_hours, generated = EXCLUDED.generated,"
                                + " secret_class = EXCLUDED.secret_class, rotator = EXCLUDED.rotator",
                        tenant,
                        set.getSecret(),
                        Names.environmentOf(set.getSecret()),
                        UUID.fromString(set.getOwnerId()),
                        set.getEveryDays(),
                        set.getWindowHours(),
                        set.getGenerated(),
                        set.getSecretClassValue(),
                        set.getRotator().toByteArray(),
                        atMicros);
            }
            default -> {}
        }
    }

    /** What is bound to it, and the leases that rest on that, are looked at at once. */
    private void disconnected(Connection connection, String tenant, ConnectorDisconnected disconnected)
            throws SQLException {
        UUID workspace = UUID.fromString(disconnected.getWorkspaceId());
        write(
                connection,
                "UPDATE %s.binding SET disconnected = true WHERE tenant = ? AND workspace = ? AND connector = ?",
                tenant,
                workspace,
                disconnected.getConnector());
        write(
                connection,
                "UPDATE %s.open_lease SET due_micros = 0 WHERE tenant = ? AND lease IN (SELECT l.lease FROM %s.lease l"
                        + " JOIN %s.target t ON t.tenant = l.tenant AND t.database = l.database"
                        + " JOIN %s.binding b ON b.tenant = l.tenant AND (b.secret = l.secret OR b.secret = t.admin_secret)"
                        + " WHERE l.tenant = ? AND b.workspace = ? AND b.connector = ?)",
                tenant,
                tenant,
                workspace,
                disconnected.getConnector());
    }

    /** What ends by itself needs another when a third of its time is left. */
    private static long renewMicros(SecretVersionWritten written, long atMicros) {
        long expires = written.getExpiresMicros();
        return expires == 0 ? 0 : expires - Math.max(0, expires - atMicros) / 3;
    }

    private void state(
            Connection connection,
            String tenant,
            String secret,
            int version,
            SecretVersionState state,
            long untilMicros)
            throws SQLException {
        write(
                connection,
                "UPDATE %s.version SET state = ?, until_micros = ? WHERE tenant = ? AND secret = ? AND version = ?",
                state.getNumber(),
                untilMicros,
                tenant,
                secret,
                version);
    }

    static Array texts(Connection connection, List<String> texts) throws SQLException {
        return connection.createArrayOf("text", texts.toArray());
    }

    void write(Connection connection, String sql, Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql.replace("%s", schema))) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }
}
