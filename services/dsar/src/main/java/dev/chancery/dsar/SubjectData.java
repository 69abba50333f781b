package dev.chancery.dsar;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.MalformedRecord;
import dev.chancery.schema.ClassRule;
import dev.chancery.schema.Contract;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Everything that an organisation's log has about a subject: each record that it made, that is about it or whose events name it, with
 * the values that are sealed to it opened. What is sealed to others stays closed, and restricted values do whosever they are.
 *
 * <p><b>Limits:</b> {@value #MAX_BYTES} bytes of JSON; the whole log is read, once.
 */
final class SubjectData {
    static final int MAX_BYTES = 2 * 1024 * 1024;

    private static final int FETCH_ROWS = 500;
    private static final String STATEMENT = Statement.getDescriptor().getFullName();

    private final Contract contract;
    private final Keyring keyring;
    private final String tenant;
    private final String subject;
    private final JsonArrayBuilder records = Json.createArrayBuilder();
    private final SortedSet<String> types = new TreeSet<>();
    private int opened;
    private int bytes;

    private SubjectData(Contract contract, Keyring keyring, String tenant, String subject) {
        this.contract = contract;
        this.keyring = keyring;
        this.tenant = tenant;
        this.subject = subject;
    }

    /**
     * @param records a list of JSON objects
     * @param opened how many values were opened
     * @param types of the events that they were in
     */
    record Found(JsonArrayBuilder records, int opened, List<String> types) {}

    static Found read(Database database, Contract contract, Keyring keyring, String tenant, String subject)
            throws RefusedException {
        var data = new SubjectData(contract, keyring, tenant, subject);
        database.inTenant(DatabaseRole.DSAR, tenant, connection -> {
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? ORDER BY position")) {
                query.setString(1, tenant);
                query.setFetchSize(FETCH_ROWS);
                try (var rows = query.executeQuery()) {
                    while (rows.next() && data.bytes <= MAX_BYTES) {
                        data.record(LogRecord.parse(tenant, rows.getBytes(1), 0, 0));
                    }
                } catch (MalformedRecord e) {
                    throw new IllegalStateException("a record of the log does not parse", e);
                }
            }
            return data;
        });
        if (data.bytes > MAX_BYTES) {
            throw new RefusedException(DsarRejection.TOO_LARGE);
        }
        return new Found(data.records, data.opened, List.copyOf(data.types));
    }

    private void record(LogRecord record) {
        Statement statement = record.statement();
        UUID entryId = entryId(statement.getEntryId());
        boolean concerned = statement.getActor().getId().equals(subject)
                || statement.getActingFor().getId().equals(subject)
                || statement.getTarget().getId().equals(subject)
                || isItsOwn(statement.getReason())
                || isItsOwn(statement.getClient());
        JsonArrayBuilder events = Json.createArrayBuilder();
        for (LogEvent event : record.events()) {
            concerned |= event(event, entryId, events);
        }
        if (!concerned) {
            return;
        }
        JsonObjectBuilder found = Json.createObjectBuilder()
                .add("position", record.position())
                .add("time", CompletionStatement.time(statement.getRecordedAtMicros()))
                .add("action", statement.getAction())
                .add("by", statement.getActor().getId())
                .add(
                        "result",
                        statement.hasIntent()
                                ? "INTENT"
                                : statement.getOutcome().getResult().name());
        open(statement.getReason(), entryId, STATEMENT, "reason").ifPresent(text -> found.add("reason", text));
        open(statement.getClient(), entryId, STATEMENT, "client").ifPresent(text -> found.add("client", text));
        var built = found.add("events", events).build();
        bytes += built.toString().length();
        records.add(built);
    }

    private boolean event(LogEvent event, UUID entryId, JsonArrayBuilder events) {
        var type = contract.events().get(event.type());
        if (type == null) {
            return false;
        }
        Message message;
        try {
            message = type.prototype().getParserForType().parseFrom(event.body());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an event in the log does not parse", e);
        }
        if (!names(message)) {
            return false;
        }
        int before = opened;
        JsonObjectBuilder data = Json.createObjectBuilder();
        message.getAllFields().forEach((field, value) -> field(data, field, value, entryId, event.type()));
        if (opened > before) {
            types.add(event.type());
        }
        events.add(Json.createObjectBuilder().add("type", event.type()).add("data", data));
        return true;
    }

    private boolean names(Message message) {
        return message.getAllFields().values().stream()
                .anyMatch(value -> value.equals(subject)
                        || value instanceof List<?> list && list.contains(subject)
                        || value instanceof Sealed sealed && isItsOwn(sealed));
    }

    private void field(JsonObjectBuilder data, FieldDescriptor field, Object value, UUID entryId, String type) {
        if (value instanceof Sealed sealed) {
            if (ClassRule.of(field).isExported()) {
                open(sealed, entryId, type, field.getName()).ifPresent(text -> data.add(field.getJsonName(), text));
            }
        } else if (value instanceof List<?> list) {
            JsonArrayBuilder array = Json.createArrayBuilder();
            list.forEach(one -> {
                JsonValue json = json(one);
                if (json != null) {
                    array.add(json);
                }
            });
            data.add(field.getJsonName(), array);
        } else {
            JsonValue json = json(value);
            if (json != null) {
                data.add(field.getJsonName(), json);
            }
        }
    }

    private static @Nullable JsonValue json(Object value) {
        return switch (value) {
            case String text -> Json.createValue(text);
            case Integer number -> Json.createValue(number);
            case Long number -> Json.createValue(number);
            case Boolean truth -> truth ? JsonValue.TRUE : JsonValue.FALSE;
            case EnumValueDescriptor constant -> Json.createValue(constant.getName());
            case ByteString bytes -> Json.createValue(Base64.getEncoder().encodeToString(bytes.toByteArray()));
            default -> null;
        };
    }

    private boolean isItsOwn(Sealed sealed) {
        return sealed.getKey().getSubject().equals(subject);
    }

    private Optional<String> open(Sealed sealed, UUID entryId, String type, String field) {
        if (!isItsOwn(sealed)) {
            return Optional.empty();
        }
        Optional<String> text = keyring.open(
                        new SealContext(tenant, subject, sealed.getKey().getRetention(), entryId, type, field), sealed)
                .text();
        if (text.isPresent()) {
            opened++;
        }
        return text;
    }

    private static UUID entryId(ByteString bytes) {
        ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
        return new UUID(buffer.getLong(), buffer.getLong());
    }
}
