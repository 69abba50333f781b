package dev.chancery.elevation;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.schema.elevation.v1.ElevationApproved;
import dev.chancery.schema.elevation.v1.ElevationDenied;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.elevation.v1.ElevationReviewed;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Lists each organisation's elevations: a row each, changed as it goes on. */
record ElevationProjection(String schema, DatabaseRole role) implements Projection {
    @Override
    public String name() {
        return "elevation";
    }

    @Override
    public List<String> tables() {
        return List.of("approval", "elevation");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        for (LogRecord record : run) {
            for (LogEvent event : record.events()) {
                apply(connection, tenant, event);
            }
        }
    }

    private void apply(Connection connection, String tenant, LogEvent event) throws SQLException {
        long atMicros = event.recordedAtMicros();
        switch (event.type()) {
            case "chancery.elevation.v1.ElevationRequested" -> {
                var asked = EventReading.read(ElevationRequested.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.elevation (tenant, elevation, principal, role, workspace, ticket, minutes,"
                                + " requested_micros, lapses_micros, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        tenant,
                        id(asked.getElevationId()),
                        id(asked.getPrincipalId()),
                        asked.getRole(),
                        id(asked.getWorkspaceId()),
                        asked.getTicket(),
                        asked.getMinutes(),
                        asked.getRequestedMicros(),
                        asked.getLapsesMicros(),
                        event.position());
            }
            case "chancery.elevation.v1.ElevationApproved" -> {
                var approved = EventReading.read(ElevationApproved.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.approval (tenant, elevation, approver, role, position) VALUES (?, ?, ?, ?, ?)",
                        tenant,
                        id(approved.getElevationId()),
                        id(approved.getApproverId()),
                        approved.getApproverRole(),
                        event.position());
            }
            case "chancery.elevation.v1.ElevationGranted" -> {
                var granted = EventReading.read(ElevationGranted.parser(), event.body());
                write(
                        connection,
                        "UPDATE %s.elevation SET from_micros = ?, until_micros = ?, emergency = ?, review_due_micros = ?"
                                + " WHERE tenant = ? AND elevation = ?",
                        granted.getFromMicros(),
                        granted.getUntilMicros(),
                        granted.getEmergency(),
                        granted.getReviewDueMicros(),
                        tenant,
                        id(granted.getElevationId()));
            }
            case "chancery.elevation.v1.ElevationDenied" ->
                end(
                        connection,
                        "denied_micros",
                        tenant,
                        EventReading.read(ElevationDenied.parser(), event.body())
                                .getElevationId(),
                        atMicros);
            case "chancery.elevation.v1.ElevationRevoked" ->
                end(
                        connection,
                        "revoked_micros",
                        tenant,
                        EventReading.read(ElevationRevoked.parser(), event.body())
                                .getElevationId(),
                        atMicros);
            case "chancery.elevation.v1.ElevationReviewed" -> {
                var reviewed = EventReading.read(ElevationReviewed.parser(), event.body());
                write(
                        connection,
                        "UPDATE %s.elevation SET reviewed_micros = ?, finding = ? WHERE tenant = ? AND elevation = ?",
                        atMicros,
                        reviewed.getFindingValue(),
                        tenant,
                        id(reviewed.getElevationId()));
            }
            default -> {}
        }
    }

    private void end(Connection connection, String column, String tenant, String elevation, long atMicros)
            throws SQLException {
        write(
                connection,
                "UPDATE %s.elevation SET " + column + " = ? WHERE tenant = ? AND elevation = ?",
                atMicros,
                tenant,
                id(elevation));
    }

    private void write(Connection connection, String sql, @Nullable Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql.replace("%s", schema))) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    private static @Nullable UUID id(String id) {
        return id.isEmpty() ? null : UUID.fromString(id);
    }
}
