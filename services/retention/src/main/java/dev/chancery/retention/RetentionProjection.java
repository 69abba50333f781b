package dev.chancery.retention;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.keyring.Eraser;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.DestructionDecided;
import dev.chancery.schema.retention.v1.DestructionWithheld;
import dev.chancery.schema.retention.v1.ErasureState;
import dev.chancery.schema.retention.v1.HoldCleared;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import dev.chancery.schema.retention.v1.ScheduleSet;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Lists each organisation's holds, erasures and schedules, what is kept of whom until when, and what the eraser has to do. Read through {@link
 * HoldRow}, {@link ErasureRow}, {@link ScheduleRow} and {@link RetainedRow}.
 */
record RetentionProjection(String schema, DatabaseRole role) implements Projection {
    @Override
    public String name() {
        return "retention";
    }

    @Override
    public List<String> tables() {
        return List.of("hold", "erasure", "open", "schedule", "retained");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        for (LogRecord record : run) {
            for (LogEvent event : record.events()) {
                apply(connection, tenant, event);
            }
        }
    }

    void apply(Connection connection, String tenant, LogEvent event) throws SQLException {
        switch (event.type()) {
            case "chancery.retention.v1.HoldSet" -> {
                var set = EventReading.read(HoldSet.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.hold (tenant, hold, subject, matter, classes, setter, set_micros,"
                                + " review_micros, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        tenant,
                        id(set.getHoldId()),
                        id(set.getSubjectId()),
                        set.getMatter(),
                        numbers(set.getClassesList()),
                        id(set.getSetterId()),
                        event.recordedAtMicros(),
                        set.getReviewMicros(),
                        event.position());
                held(connection, tenant, set.getSubjectId());
            }
            case "chancery.retention.v1.HoldCleared" -> {
                var cleared = EventReading.read(HoldCleared.parser(), event.body());
                write(
                        connection,
                        "UPDATE %s.hold SET cleared_micros = ?, clearer = ? WHERE tenant = ? AND hold = ?",
                        event.recordedAtMicros(),
                        id(cleared.getClearerId()),
                        tenant,
                        id(cleared.getHoldId()));
                held(connection, tenant, cleared.getSubjectId());
            }
            case ErasureAsk.TYPE -> {
                var asked = ErasureAsk.of(event.body());
                open(connection, tenant, asked.subjectId(), 0, asked.requestId());
            }
            case "chancery.retention.v1.DestructionWithheld" ->
                withheld(connection, tenant, event, EventReading.read(DestructionWithheld.parser(), event.body()));
            case "chancery.retention.v1.DestructionDecided" ->
                decided(connection, tenant, event, EventReading.read(DestructionDecided.parser(), event.body()));
            case "chancery.retention.v1.KeysDestroyed" ->
                destroyed(connection, tenant, event, EventReading.read(KeysDestroyed.parser(), event.body()));
            case "chancery.retention.v1.DestructionCompleted" ->
                completed(connection, tenant, event, EventReading.read(DestructionCompleted.parser(), event.body()));
            case "chancery.retention.v1.ScheduleSet" ->
                scheduled(connection, tenant, event, EventReading.read(ScheduleSet.parser(), event.body()));
            case Departure.LEFT ->
                left(
                        connection,
                        tenant,
                        event,
                        EventReading.read(PrincipalDeactivated.parser(), event.body())
                                .getPrincipalId());
            case Departure.BACK ->
                write(
                        connection,
                        "DELETE FROM %s.retained WHERE tenant = ? AND subject = ?",
                        tenant,
                        id(EventReading.read(PrincipalReactivated.parser(), event.body())
                                .getPrincipalId()));
            default -> {}
        }
    }

    private void scheduled(Connection connection, String tenant, LogEvent event, ScheduleSet set) throws SQLException {
        write(
                connection,
                "INSERT INTO %s.schedule (tenant, class, period, setter, set_micros, position) VALUES (?, ?, ?, ?, ?,"
                        + " ?) ON CONFLICT (tenant, class) DO UPDATE SET period = EXCLUDED.period, setter ="
                        + " EXCLUDED.setter, set_micros = EXCLUDED.set_micros, position = EXCLUDED.position",
                tenant,
                set.getRetentionClass().getNumber(),
                set.getPeriod(),
                id(set.getSetterId()),
                event.recordedAtMicros(),
                event.position());
    }

    /** What is not destroyed, or about to be, is kept for its period from here on. */
    private void left(Connection connection, String tenant, LogEvent event, String subject) throws SQLException {
        write(
                connection,
                "INSERT INTO %s.retained (tenant, subject, class, began_micros, held) SELECT ?, ?, kept.class, ?,"
                        + " false FROM unnest(?::integer[]) AS kept (class) WHERE NOT EXISTS (SELECT FROM %s.erasure AS e"
                        + " WHERE e.tenant = ? AND e.subject = ? AND e.class = kept.class AND e.decided_micros IS NOT"
                        + " NULL) ON CONFLICT (tenant, subject, class) DO NOTHING",
                tenant,
                id(subject),
                event.recordedAtMicros(),
                numbers(Eraser.allClasses()),
                tenant,
                id(subject));
        held(connection, tenant, subject);
    }

    /** Which of what is kept a hold covers. */
    private void held(Connection connection, String tenant, String subject) throws SQLException {
        write(
                connection,
                "UPDATE %s.retained AS r SET held = EXISTS (SELECT FROM %s.hold AS h WHERE h.tenant = r.tenant AND"
                        + " h.subject = r.subject AND r.class = ANY (h.classes) AND h.cleared_micros IS NULL)"
                        + " WHERE r.tenant = ? AND r.subject = ?",
                tenant,
                id(subject));
    }

    private void withheld(Connection connection, String tenant, LogEvent event, DestructionWithheld withheld)
            throws SQLException {
        answered(connection, tenant, withheld.getSubjectId(), withheld.getRequestId());
        for (RetentionClass retention : withheld.getClassesList()) {
            write(
                    connection,
                    "INSERT INTO %s.erasure (tenant, subject, class, state, request, ground, holds, position) VALUES"
                            + " (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, subject, class) DO UPDATE SET request ="
                            + " EXCLUDED.request, ground = EXCLUDED.ground, holds = EXCLUDED.holds, position ="
                            + " EXCLUDED.position",
                    tenant,
                    id(withheld.getSubjectId()),
                    retention.getNumber(),
                    ErasureState.ERASURE_STATE_WITHHELD_VALUE,
                    idOrNull(withheld.getRequestId()),
                    withheld.getGroundValue(),
                    withheld.getHoldIdsList().stream().map(UUID::fromString).toArray(UUID[]::new),
                    event.position());
        }
    }

    private void decided(Connection connection, String tenant, LogEvent event, DestructionDecided decided)
            throws SQLException {
        answered(connection, tenant, decided.getSubjectId(), decided.getRequestId());
        for (RetentionClass retention : decided.getClassesList()) {
            write(
                    connection,
                    "INSERT INTO %s.erasure (tenant, subject, class, state, request, ground, holds, decided_micros,"
                            + " position) VALUES (?, ?, ?, ?, ?, ?, '{}', ?, ?) ON CONFLICT (tenant, subject, class) DO"
                            + " UPDATE SET state = EXCLUDED.state, request = EXCLUDED.request, ground = EXCLUDED.ground,"
                            + " holds = '{}', decided_micros = EXCLUDED.decided_micros, position = EXCLUDED.position",
                    tenant,
                    id(decided.getSubjectId()),
                    retention.getNumber(),
                    ErasureState.ERASURE_STATE_DECIDED_VALUE,
                    idOrNull(decided.getRequestId()),
                    decided.getGroundValue(),
                    event.recordedAtMicros(),
                    event.position());
            open(connection, tenant, decided.getSubjectId(), retention.getNumber(), "");
            write(
                    connection,
                    "DELETE FROM %s.retained WHERE tenant = ? AND subject = ? AND class = ?",
                    tenant,
                    id(decided.getSubjectId()),
                    retention.getNumber());
        }
    }

    private void destroyed(Connection connection, String tenant, LogEvent event, KeysDestroyed destroyed)
            throws SQLException {
        for (RetentionClass retention : destroyed.getClassesList()) {
            write(
                    connection,
                    "UPDATE %s.erasure SET state = ?, destroyed_micros = ?, horizon_micros = ?"
                            + " WHERE tenant = ? AND subject = ? AND class = ?",
                    ErasureState.ERASURE_STATE_KEYS_DESTROYED_VALUE,
                    event.recordedAtMicros(),
                    destroyed.getHorizonMicros(),
                    tenant,
                    id(destroyed.getSubjectId()),
                    retention.getNumber());
            write(
                    connection,
                    "UPDATE %s.open SET due_micros = ?, tenant_key = ?, ring = ? WHERE tenant = ? AND subject = ? AND"
                            + " class = ?",
                    destroyed.getHorizonMicros(),
                    destroyed.getTenantKeyVersion(),
                    destroyed.getSealerKeyVersion(),
                    tenant,
                    id(destroyed.getSubjectId()),
                    retention.getNumber());
        }
    }

    private void completed(Connection connection, String tenant, LogEvent event, DestructionCompleted completed)
            throws SQLException {
        for (RetentionClass retention : completed.getClassesList()) {
            write(
                    connection,
                    "UPDATE %s.erasure SET state = ?, completed_micros = ? WHERE tenant = ? AND subject = ? AND class"
                            + " = ?",
                    ErasureState.ERASURE_STATE_COMPLETED_VALUE,
                    event.recordedAtMicros(),
                    tenant,
                    id(completed.getSubjectId()),
                    retention.getNumber());
            write(
                    connection,
                    "DELETE FROM %s.open WHERE tenant = ? AND subject = ? AND class = ?",
                    tenant,
                    id(completed.getSubjectId()),
                    retention.getNumber());
        }
    }

    /** There is something to do at once. */
    private void open(Connection connection, String tenant, String subject, int retention, String request)
            throws SQLException {
        write(
                connection,
                "INSERT INTO %s.open (tenant, subject, class, request) VALUES (?, ?, ?, ?)"
                        + " ON CONFLICT (tenant, subject, class, request) DO NOTHING",
                tenant,
                id(subject),
                retention,
                request);
    }

    private void answered(Connection connection, String tenant, String subject, String request) throws SQLException {
        if (!request.isEmpty()) {
            write(
                    connection,
                    "DELETE FROM %s.open WHERE tenant = ? AND subject = ? AND class = 0 AND request = ?",
                    tenant,
                    id(subject),
                    request);
        }
    }

    private static Integer[] numbers(Collection<RetentionClass> classes) {
        return classes.stream().map(RetentionClass::getNumber).toArray(Integer[]::new);
    }

    private void write(Connection connection, String sql, @Nullable Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql.replace("%s", schema))) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    private static UUID id(String id) {
        return UUID.fromString(id);
    }

    private static @Nullable UUID idOrNull(String id) {
        return id.isEmpty() ? null : id(id);
    }
}
