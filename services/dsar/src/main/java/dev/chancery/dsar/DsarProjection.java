package dev.chancery.dsar;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.schema.dsar.v1.ErasureAsked;
import dev.chancery.schema.dsar.v1.ErasureDone;
import dev.chancery.schema.dsar.v1.ErasureWithheld;
import dev.chancery.schema.dsar.v1.HolderAnswered;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.HolderReported;
import dev.chancery.schema.dsar.v1.HolderTaskReplayed;
import dev.chancery.schema.dsar.v1.IdentityVerified;
import dev.chancery.schema.dsar.v1.RequestAcknowledged;
import dev.chancery.schema.dsar.v1.RequestCompleted;
import dev.chancery.schema.dsar.v1.RequestExtended;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestReceived;
import dev.chancery.schema.dsar.v1.RequestRefused;
import dev.chancery.schema.dsar.v1.RequestState;
import dev.chancery.schema.dsar.v1.TaskResult;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Lists each organisation's requests, and what systems were asked. Read through {@link RequestRow} and {@link TaskRow}.
 *
 * @param moved told an organisation whose list has moved
 */
record DsarProjection(String schema, DatabaseRole role, Moved moved) implements Projection {
    private static final String RETENTION = "chancery.retention.";

    @Override
    public String name() {
        return "dsar";
    }

    @Override
    public List<String> tables() {
        return List.of("request", "task");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        boolean concerned = false;
        for (LogRecord record : run) {
            int ordinal = 0;
            for (LogEvent event : record.events()) {
                concerned |= apply(connection, tenant, event, ordinal++);
            }
        }
        if (concerned) {
            moved.note(tenant);
        }
    }

    @Override
    public void committed(String tenant, long position) {
        moved.committed(tenant);
    }

    /** @return whether it is about requests */
    boolean apply(Connection connection, String tenant, LogEvent event, int ordinal) throws SQLException {
        if (event.type().startsWith(RETENTION)) {
            // An erasure may wait for it.
            write(
                    connection,
                    "UPDATE %s.request SET position = ? WHERE tenant = ? AND kind = ? AND ended_micros IS NULL",
                    event.position(),
                    tenant,
                    RequestKind.REQUEST_KIND_ERASURE_VALUE);
            return true;
        }
        switch (event.type()) {
            case "chancery.dsar.v1.RequestReceived" ->
                received(connection, tenant, event, EventReading.read(RequestReceived.parser(), event.body()));
            case "chancery.dsar.v1.RequestAcknowledged" ->
                change(
                        connection,
                        tenant,
                        event,
                        EventReading.read(RequestAcknowledged.parser(), event.body())
                                .getRequestId(),
                        "acknowledged = ?",
                        true);
            case "chancery.dsar.v1.IdentityVerified" ->
                change(
                        connection,
                        tenant,
                        event,
                        EventReading.read(IdentityVerified.parser(), event.body())
                                .getRequestId(),
                        "state = ?",
                        RequestState.REQUEST_STATE_VERIFIED_VALUE);
            case "chancery.dsar.v1.RequestExtended" -> {
                var extended = EventReading.read(RequestExtended.parser(), event.body());
                change(
                        connection,
                        tenant,
                        event,
                        extended.getRequestId(),
                        "extended = ?, due_micros = ?",
                        true,
                        extended.getDueMicros());
            }
            case "chancery.dsar.v1.RequestRefused" ->
                change(
                        connection,
                        tenant,
                        event,
                        EventReading.read(RequestRefused.parser(), event.body()).getRequestId(),
                        "state = ?, ended_micros = ?",
                        RequestState.REQUEST_STATE_REFUSED_VALUE,
                        event.recordedAtMicros());
            case "chancery.dsar.v1.RequestCompleted" ->
                change(
                        connection,
                        tenant,
                        event,
                        EventReading.read(RequestCompleted.parser(), event.body())
                                .getRequestId(),
                        "state = ?, ended_micros = ?",
                        RequestState.REQUEST_STATE_COMPLETED_VALUE,
                        event.recordedAtMicros());
            case "chancery.dsar.v1.ErasureAsked" ->
                touch(
                        connection,
                        tenant,
                        event,
                        EventReading.read(ErasureAsked.parser(), event.body()).getRequestId());
            case "chancery.dsar.v1.ErasureWithheld" -> {
                var withheld = EventReading.read(ErasureWithheld.parser(), event.body());
                change(
                        connection,
                        tenant,
                        event,
                        withheld.getRequestId(),
                        "state = ?, hold_ids = ?",
                        RequestState.REQUEST_STATE_WITHHELD_VALUE,
                        withheld.getHoldIdsList().stream().map(UUID::fromString).toArray(UUID[]::new));
            }
            case "chancery.dsar.v1.ErasureDone" ->
                change(
                        connection,
                        tenant,
                        event,
                        EventReading.read(ErasureDone.parser(), event.body()).getRequestId(),
                        "state = ?",
                        RequestState.REQUEST_STATE_VERIFIED_VALUE);
            case "chancery.dsar.v1.HolderAsked" -> {
                var asked = EventReading.read(HolderAsked.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.task (tenant, request, task, holder, action, result, attempts, code, next_micros, position,"
                                + " ordinal) VALUES (?, ?, ?, ?, ?, 0, 0, '', 0, ?, ?)",
                        tenant,
                        id(asked.getRequestId()),
                        id(asked.getTaskId()),
                        asked.getHolder(),
                        asked.getActionValue(),
                        event.position(),
                        ordinal);
                touch(connection, tenant, event, asked.getRequestId());
            }
            case "chancery.dsar.v1.HolderAnswered" -> {
                var answered = EventReading.read(HolderAnswered.parser(), event.body());
                task(
                        connection,
                        tenant,
                        answered.getTaskId(),
                        "result = ?, attempts = attempts + 1, code = ?, next_micros = ?",
                        answered.getResultValue(),
                        answered.getCode(),
                        answered.getNextMicros());
                touch(connection, tenant, event, answered.getRequestId());
            }
            case "chancery.dsar.v1.HolderReported" -> {
                var reported = EventReading.read(HolderReported.parser(), event.body());
                task(
                        connection,
                        tenant,
                        reported.getTaskId(),
                        "result = ?, code = ?, next_micros = 0",
                        reported.getDone() ? TaskResult.TASK_RESULT_DONE_VALUE : TaskResult.TASK_RESULT_PARKED_VALUE,
                        reported.getDone() ? "" : "reported-failed");
                touch(connection, tenant, event, reported.getRequestId());
            }
            case "chancery.dsar.v1.HolderTaskReplayed" -> {
                var replayed = EventReading.read(HolderTaskReplayed.parser(), event.body());
                task(
                        connection,
                        tenant,
                        replayed.getTaskId(),
                        "result = 0, attempts = 0, code = ?, next_micros = 0",
                        "");
                touch(connection, tenant, event, replayed.getRequestId());
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void received(Connection connection, String tenant, LogEvent event, RequestReceived received)
            throws SQLException {
        write(
                connection,
                "INSERT INTO %s.request (tenant, request, subject, kind, regime, state, received_micros, due_micros,"
                        + " acknowledge_micros, acknowledged, extended, ended_micros, hold_ids, received_position, position)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, false, false, NULL, '{}', ?, ?)",
                tenant,
                id(received.getRequestId()),
                id(received.getSubjectId()),
                received.getKindValue(),
                received.getRegime(),
                RequestState.REQUEST_STATE_RECEIVED_VALUE,
                received.getReceivedMicros(),
                received.getDueMicros(),
                received.getAcknowledgeMicros() == 0 ? null : received.getAcknowledgeMicros(),
                event.position(),
                event.position());
    }

    private void touch(Connection connection, String tenant, LogEvent event, String request) throws SQLException {
        write(
                connection,
                "UPDATE %s.request SET position = ? WHERE tenant = ? AND request = ?",
                event.position(),
                tenant,
                id(request));
    }

    private void change(
            Connection connection, String tenant, LogEvent event, String request, String set, Object... values)
            throws SQLException {
        Object[] all = new Object[values.length + 3];
        System.arraycopy(values, 0, all, 0, values.length);
        all[values.length] = event.position();
        all[values.length + 1] = tenant;
        all[values.length + 2] = id(request);
        write(connection, "UPDATE %s.request SET " + set + ", position = ? WHERE tenant = ? AND request = ?", all);
    }

    /** A task that is done stays so. */
    private void task(Connection connection, String tenant, String task, String set, Object... values)
            throws SQLException {
        Object[] all = new Object[values.length + 3];
        System.arraycopy(values, 0, all, 0, values.length);
        all[values.length] = tenant;
        all[values.length + 1] = id(task);
        all[values.length + 2] = TaskResult.TASK_RESULT_DONE_VALUE;
        write(connection, "UPDATE %s.task SET " + set + " WHERE tenant = ? AND task = ? AND result <> ?", all);
    }

    private void write(Connection connection, String sql, @Nullable Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql.replace("%s", schema))) {
            for (int i = 0; i < values.length; i++) {
                if (values[i] instanceof UUID[] array) {
                    statement.setArray(i + 1, connection.createArrayOf("uuid", array));
                } else {
                    statement.setObject(i + 1, values[i]);
                }
            }
            statement.executeUpdate();
        }
    }

    private static UUID id(String id) {
        return UUID.fromString(id);
    }
}
