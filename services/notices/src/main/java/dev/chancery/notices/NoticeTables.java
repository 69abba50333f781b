package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.notices.v1.NoticeFailed;
import dev.chancery.schema.notices.v1.NoticeKind;
import dev.chancery.schema.notices.v1.NoticeSent;
import dev.chancery.schema.notices.v1.NoticeState;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rows of one organisation, in one transaction of the projection. */
final class NoticeTables {
    private static final int WAITING = NoticeState.NOTICE_STATE_WAITING_VALUE;
    private static final int SENT = NoticeState.NOTICE_STATE_SENT_VALUE;
    private static final int PARKED = NoticeState.NOTICE_STATE_PARKED_VALUE;
    private static final int CANCELLED = NoticeState.NOTICE_STATE_CANCELLED_VALUE;

    private final Connection connection;
    private final String schema;
    private final String tenant;

    NoticeTables(Connection connection, String schema, String tenant) {
        this.connection = connection;
        this.schema = schema;
        this.tenant = tenant;
    }

    /**
     * A notice that becomes due.
     *
     * @param index of the event in the record at {@code position}
     * @param cause id of the assignment, elevation or override whose end it tells of, or of the secret that is due; empty: of none
     * @param toAddressOfBefore whether it goes to the address that the person has before this event
     */
    record New(
            long position,
            int index,
            String principal,
            NoticeKind kind,
            String about,
            String cause,
            long happenedMicros,
            long dueMicros,
            boolean toBefore) {
        New toAddressOfBefore() {
            return new New(position, index, principal, kind, about, cause, happenedMicros, dueMicros, true);
        }

        New ofEnd(String of, long untilMicros, long due) {
            return new New(position, index, principal, kind, about, of, untilMicros, due, toBefore);
        }

        /** The same whenever the log is read, and another for each person and event. */
        UUID id(String tenant) {
            return named(tenant + "/" + position + "/" + index + "/" + kind.getNumber() + "/" + principal);
        }
    }

    /** The same for the same text: a UUID of version 8 (RFC 9562), of bits that are our own. */
    static UUID named(String text) {
        var bits = ByteBuffer.wrap(EntryFrame.sha256().digest(text.getBytes(UTF_8)));
        return new UUID(
                (bits.getLong() & 0xffffffffffff0fffL) | 0x8000L,
                (bits.getLong() & 0x3fffffffffffffffL) | 0x8000000000000000L);
    }

    /** Nobody is told who is no user. */
    void tell(New notice) throws SQLException {
        write(
                "WITH told AS (INSERT INTO %s.notice (tenant, notice, principal, kind, about, cause, happened_micros, due_micros,"
                        + " state, position, address, address_entry, address_type)"
                        + " SELECT tenant, ?, principal, ?, ?, ?, ?, ?, ?, ?, CASE WHEN ? THEN address END,"
                        + " CASE WHEN ? THEN address_entry END, CASE WHEN ? THEN address_type END"
                        + " FROM %s.person WHERE tenant = ? AND principal = ? RETURNING tenant, notice, due_micros)"
                        + " INSERT INTO %s.pending SELECT tenant, notice, due_micros FROM told",
                notice.id(tenant),
                notice.kind().getNumber(),
                notice.about(),
                notice.cause().isEmpty() ? null : UUID.fromString(notice.cause()),
                notice.happenedMicros(),
                notice.dueMicros(),
                WAITING,
                notice.position(),
                notice.toBefore(),
                notice.toBefore(),
                notice.toBefore(),
                tenant,
                UUID.fromString(notice.principal()));
    }

    void person(String principal) throws SQLException {
        write("INSERT INTO %s.person (tenant, principal) VALUES (?, ?)", tenant, UUID.fromString(principal));
    }

    void address(String principal, byte @Nullable [] sealed, byte[] entryId, String type) throws SQLException {
        write(
                "UPDATE %s.person SET address = ?, address_entry = ?, address_type = ? WHERE tenant = ? AND principal = ?",
                sealed,
                sealed == null ? null : entryId,
                sealed == null ? null : type,
                tenant,
                UUID.fromString(principal));
    }

    boolean isNewDevice(String principal, byte[] device) throws SQLException {
        return write(
                        "INSERT INTO %s.device (tenant, principal, device) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                        tenant, UUID.fromString(principal), device)
                == 1;
    }

    /** Counts failures; the count begins anew with the first ones after the time is over. */
    int failures(String principal, int times, long atMicros, long withinMicros) throws SQLException {
        if (principal.length() != 36) {
            return 0;
        }
        try (var statement = prepare(
                "INSERT INTO %s.failure AS f (tenant, principal, begun_micros, times) VALUES (?, ?, ?, ?)"
                        + " ON CONFLICT (tenant, principal) DO UPDATE SET"
                        + " times = CASE WHEN f.begun_micros + ? < excluded.begun_micros THEN excluded.times"
                        + " ELSE f.times + excluded.times END,"
                        + " begun_micros = CASE WHEN f.begun_micros + ? < excluded.begun_micros THEN excluded.begun_micros"
                        + " ELSE f.begun_micros END RETURNING times",
                tenant, UUID.fromString(principal), atMicros, times, withinMicros, withinMicros)) {
            try (var row = statement.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    /** Whether nobody was told of a principal's failures for so long; from now on, somebody was. */
    boolean isTimeToTellOfFailures(String principal, long atMicros, long everyMicros) throws SQLException {
        return write(
                        "UPDATE %s.failure SET told_micros = ? WHERE tenant = ? AND principal = ? AND told_micros <= ?",
                        atMicros, tenant, UUID.fromString(principal), atMicros - everyMicros)
                == 1;
    }

    /** A service or an agent, and who created it. */
    void program(String principal, String creator) throws SQLException {
        write(
                "INSERT INTO %s.program (tenant, principal, owner) VALUES (?, ?, (SELECT principal FROM %s.person"
                        + " WHERE tenant = ? AND principal::text = ?))",
                tenant, UUID.fromString(principal), tenant, creator);
    }

    void ownsNoMore(String owner) throws SQLException {
        write("UPDATE %s.program SET owner = NULL WHERE tenant = ? AND owner = ?", tenant, UUID.fromString(owner));
    }

    /** Whom it concerns what happens to a principal: the person itself; of a program who created it, else the direct administrators. */
    List<String> concerned(String principal, long atMicros) throws SQLException {
        List<String> owners = principals(
                "SELECT principal::text FROM %s.person WHERE tenant = ? AND principal = ? UNION ALL"
                        + " SELECT owner::text FROM %s.program WHERE tenant = ? AND principal = ? AND owner IS NOT NULL",
                tenant, UUID.fromString(principal), tenant, UUID.fromString(principal));
        return owners.isEmpty()
                ? principals(
                        "SELECT DISTINCT principal::text FROM %s.holding WHERE tenant = ? AND role = 'administrator'"
                                + " AND (until_micros = 0 OR until_micros > ?) ORDER BY 1",
                        tenant, atMicros)
                : owners;
    }

    void holds(String assignment, String principal, String role, long untilMicros) throws SQLException {
        write(
                "INSERT INTO %s.holding (tenant, assignment, principal, role, until_micros) VALUES (?, ?, ?, ?, ?)",
                tenant, UUID.fromString(assignment), UUID.fromString(principal), role, untilMicros);
    }

    void holdsNoMore(String assignment) throws SQLException {
        write("DELETE FROM %s.holding WHERE tenant = ? AND assignment = ?", tenant, UUID.fromString(assignment));
    }

    void elevation(String elevation, List<String> approvers) throws SQLException {
        write(
                "INSERT INTO %s.elevation (tenant, elevation, approvers) VALUES (?, ?, ?)",
                tenant, UUID.fromString(elevation), connection.createArrayOf("text", approvers.toArray()));
    }

    /** Who holds a role that approves it, in the order of their ids. */
    List<String> approvers(String elevation, long atMicros) throws SQLException {
        return principals(
                "SELECT DISTINCT h.principal::text FROM %s.elevation e JOIN %s.holding h"
                        + " ON h.tenant = e.tenant AND h.role = ANY (e.approvers)"
                        + " WHERE e.tenant = ? AND e.elevation = ? AND (h.until_micros = 0 OR h.until_micros > ?) ORDER BY 1",
                tenant, UUID.fromString(elevation), atMicros);
    }

    private List<String> principals(String sql, Object... values) throws SQLException {
        List<String> found = new ArrayList<>();
        try (var statement = prepare(sql, values);
                var rows = statement.executeQuery()) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    /** When a secret has to have a new value. */
    record Rotation(String owner, long dueMicros, boolean generated) {}

    void rotation(String secret, String owner, int everyDays, boolean generated, long atMicros) throws SQLException {
        write(
                "INSERT INTO %s.rotation (tenant, secret, owner, every_days, generated, since_micros) VALUES (?, ?, ?, ?, ?, ?)"
                        + " ON CONFLICT (tenant, secret) DO UPDATE SET owner = EXCLUDED.owner, every_days ="
                        + " EXCLUDED.every_days, generated = EXCLUDED.generated",
                tenant, secret, UUID.fromString(owner), everyDays, generated, atMicros);
    }

    void turned(String secret, long atMicros) throws SQLException {
        write(
                "INSERT INTO %s.rotation (tenant, secret, since_micros) VALUES (?, ?, ?)"
                        + " ON CONFLICT (tenant, secret) DO UPDATE SET since_micros = EXCLUDED.since_micros",
                tenant, secret, atMicros);
    }

    /** Empty: it has no schedule. */
    Optional<Rotation> rotation(String secret) throws SQLException {
        try (var statement = prepare(
                        "SELECT owner::text, since_micros + every_days * 86400000000, generated FROM %s.rotation"
                                + " WHERE tenant = ? AND secret = ? AND every_days > 0",
                        tenant, secret);
                var row = statement.executeQuery()) {
            return row.next()
                    ? Optional.of(new Rotation(row.getString(1), row.getLong(2), row.getBoolean(3)))
                    : Optional.empty();
        }
    }

    /** What it would have told comes to nothing. */
    void cancel(String cause) throws SQLException {
        write(
                "WITH over AS (UPDATE %s.notice SET state = ? WHERE tenant = ? AND cause = ? AND state = ? RETURNING notice)"
                        + " DELETE FROM %s.pending WHERE tenant = ? AND notice IN (SELECT notice FROM over)",
                CANCELLED, tenant, UUID.fromString(cause), WAITING, tenant);
    }

    /** What was cancelled has its end after all. */
    void revive(String cause) throws SQLException {
        write(
                "WITH back AS (UPDATE %s.notice SET state = ? WHERE tenant = ? AND cause = ? AND state = ?"
                        + " RETURNING tenant, notice, due_micros)"
                        + " INSERT INTO %s.pending SELECT tenant, notice, due_micros FROM back",
                WAITING, tenant, UUID.fromString(cause), CANCELLED);
    }

    void sent(NoticeSent sent, long atMicros) throws SQLException {
        write(
                "UPDATE %s.notice SET state = ?, tried_micros = ?, code = CASE WHEN ? THEN code ELSE '' END"
                        + " WHERE tenant = ? AND notice = ?",
                sent.getComplete() ? SENT : sent.getParked() ? PARKED : WAITING,
                atMicros,
                sent.getParked(),
                tenant,
                UUID.fromString(sent.getNoticeId()));
        if (sent.getComplete() || sent.getParked()) {
            noMorePending(sent.getNoticeId());
        } else if (sent.getAgainMicros() != 0) {
            pendingUntil(sent.getNoticeId(), sent.getAgainMicros());
        }
    }

    void failed(NoticeFailed failed, long atMicros) throws SQLException {
        // Records from before there was again_micros are of the only channel, or of the one that silenced the other.
        long again = failed.getAgainMicros() == 0 ? failed.getRetryMicros() : failed.getAgainMicros();
        write(
                "UPDATE %s.notice SET state = ?, attempts = ?, code = ?, tried_micros = ? WHERE tenant = ? AND notice = ?",
                again == 0 ? PARKED : WAITING,
                failed.getAttempt(),
                failed.getCode(),
                atMicros,
                tenant,
                UUID.fromString(failed.getNoticeId()));
        if (again == 0) {
            noMorePending(failed.getNoticeId());
        } else {
            pendingUntil(failed.getNoticeId(), again);
        }
    }

    private void pendingUntil(String notice, long micros) throws SQLException {
        write(
                "UPDATE %s.pending SET due_micros = ? WHERE tenant = ? AND notice = ?",
                micros, tenant, UUID.fromString(notice));
    }

    void replayed(String notice, long atMicros) throws SQLException {
        write(
                "UPDATE %s.notice SET state = ?, attempts = 0, due_micros = ? WHERE tenant = ? AND notice = ?",
                WAITING, atMicros, tenant, UUID.fromString(notice));
        write(
                "INSERT INTO %s.pending (tenant, notice, due_micros) VALUES (?, ?, ?) ON CONFLICT (tenant, notice) DO"
                        + " UPDATE SET due_micros = excluded.due_micros",
                tenant, UUID.fromString(notice), atMicros);
    }

    private void noMorePending(String notice) throws SQLException {
        write("DELETE FROM %s.pending WHERE tenant = ? AND notice = ?", tenant, UUID.fromString(notice));
    }

    private int write(String sql, @Nullable Object... values) throws SQLException {
        try (var statement = prepare(sql, values)) {
            return statement.executeUpdate();
        }
    }

    private java.sql.PreparedStatement prepare(String sql, @Nullable Object... values) throws SQLException {
        var statement = connection.prepareStatement(sql.replace("%s", schema));
        for (int i = 0; i < values.length; i++) {
            if (values[i] instanceof byte[] bytes) {
                statement.setBytes(i + 1, bytes);
            } else {
                statement.setObject(i + 1, values[i]);
            }
        }
        return statement;
    }
}
