package dev.chancery.consent;

import com.google.protobuf.ProtocolStringList;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.schema.consent.v1.ConsentEventType;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentRenewed;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.RepresentativeEnded;
import dev.chancery.schema.consent.v1.RepresentativeRecorded;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Lists each organisation's consents with their histories, its notices, and who represents whom. Read through {@link ConsentRow}. */
record ConsentProjection(String schema, DatabaseRole role) implements Projection {
    @Override
    public String name() {
        return "consent";
    }

    @Override
    public List<String> tables() {
        return List.of("consent", "event", "notice", "representative");
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
            case "chancery.consent.v1.ConsentGranted" ->
                granted(connection, tenant, event, EventReading.read(ConsentGranted.parser(), event.body()));
            case "chancery.consent.v1.ConsentRenewed" ->
                renewed(connection, tenant, event, EventReading.read(ConsentRenewed.parser(), event.body()));
            case "chancery.consent.v1.ConsentWithdrawn" ->
                withdrawn(connection, tenant, event, EventReading.read(ConsentWithdrawn.parser(), event.body()));
            case "chancery.consent.v1.NoticePublished" ->
                published(connection, tenant, event, EventReading.read(NoticePublished.parser(), event.body()));
            case "chancery.consent.v1.RepresentativeRecorded" -> {
                var recorded = EventReading.read(RepresentativeRecorded.parser(), event.body());
                write(
                        connection,
                        "INSERT INTO %s.representative (tenant, subject, representative, kind, until_micros, position)"
                                + " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, subject, representative) DO UPDATE SET kind ="
                                + " EXCLUDED.kind, until_micros = EXCLUDED.until_micros, position = EXCLUDED.position",
                        tenant,
                        id(recorded.getSubjectId()),
                        id(recorded.getRepresentativeId()),
                        recorded.getKindValue(),
                        orNull(recorded.getUntilMicros()),
                        event.position());
            }
            case "chancery.consent.v1.RepresentativeEnded" -> {
                var ended = EventReading.read(RepresentativeEnded.parser(), event.body());
                write(
                        connection,
                        "DELETE FROM %s.representative WHERE tenant = ? AND subject = ? AND representative = ?",
                        tenant,
                        id(ended.getSubjectId()),
                        id(ended.getRepresentativeId()));
            }
            default -> {}
        }
    }

    private void granted(Connection connection, String tenant, LogEvent event, ConsentGranted granted)
            throws SQLException {
        write(
                connection,
                "INSERT INTO %s.consent (tenant, consent, subject, purpose, purpose_version, resource, action, recipient,"
                        + " legal_basis, notice_version, granted_micros, until_micros, position)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                tenant,
                id(granted.getConsentId()),
                id(granted.getSubjectId()),
                granted.getPurpose(),
                granted.getPurposeVersion(),
                granted.getResource(),
                granted.getAction(),
                granted.getRecipient(),
                granted.getLegalBasisValue(),
                granted.getNoticeVersion(),
                event.recordedAtMicros(),
                orNull(granted.getUntilMicros()),
                event.position());
        happened(
                connection,
                tenant,
                event,
                granted.getConsentId(),
                ConsentEventType.CONSENT_EVENT_TYPE_GRANTED,
                granted.getGranterId());
    }

    private void renewed(Connection connection, String tenant, LogEvent event, ConsentRenewed renewed)
            throws SQLException {
        write(
                connection,
                "UPDATE %s.consent SET purpose_version = ?, notice_version = ?, until_micros = ?, legal_basis = ?"
                        + " WHERE tenant = ? AND consent = ?",
                renewed.getPurposeVersion(),
                renewed.getNoticeVersion(),
                orNull(renewed.getUntilMicros()),
                renewed.getLegalBasisValue(),
                tenant,
                id(renewed.getConsentId()));
        happened(
                connection,
                tenant,
                event,
                renewed.getConsentId(),
                ConsentEventType.CONSENT_EVENT_TYPE_RENEWED,
                renewed.getGranterId());
    }

    private void withdrawn(Connection connection, String tenant, LogEvent event, ConsentWithdrawn withdrawn)
            throws SQLException {
        write(
                connection,
                "UPDATE %s.consent SET withdrawn_micros = ? WHERE tenant = ? AND consent = ?",
                event.recordedAtMicros(),
                tenant,
                id(withdrawn.getConsentId()));
        happened(
                connection,
                tenant,
                event,
                withdrawn.getConsentId(),
                ConsentEventType.CONSENT_EVENT_TYPE_WITHDRAWN,
                withdrawn.getWithdrawerId());
    }

    /** What the consent is after an event, kept with the event. */
    private void happened(
            Connection connection, String tenant, LogEvent event, String consent, ConsentEventType type, String actor)
            throws SQLException {
        write(
                connection,
                "INSERT INTO %s.event (tenant, consent, position, type, at_micros, actor, legal_basis, purpose_version,"
                        + " notice_version, until_micros)"
                        + " SELECT tenant, consent, ?, ?, ?, ?, legal_basis, purpose_version, notice_version, until_micros"
                        + " FROM %s.consent WHERE tenant = ? AND consent = ?",
                event.position(),
                type.getNumber(),
                event.recordedAtMicros(),
                id(actor),
                tenant,
                id(consent));
    }

    private void published(Connection connection, String tenant, LogEvent event, NoticePublished notice)
            throws SQLException {
        write(
                connection,
                "INSERT INTO %s.notice (tenant, purpose, version, uri, language, text_sha256, recipients, data_categories,"
                        + " position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                tenant,
                notice.getPurpose(),
                notice.getNoticeVersion(),
                notice.getUri(),
                notice.getLanguage(),
                notice.getTextSha256().toByteArray(),
                texts(notice.getRecipientsList()),
                texts(notice.getDataCategoriesList()),
                event.position());
    }

    private static String[] texts(ProtocolStringList list) {
        return list.toArray(String[]::new);
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

    private static @Nullable Long orNull(long micros) {
        return micros == 0 ? null : micros;
    }
}
