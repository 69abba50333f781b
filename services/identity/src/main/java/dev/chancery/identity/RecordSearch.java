package dev.chancery.identity;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.LogTimes;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.MalformedRecord;
import dev.chancery.schema.ClassRule;
import dev.chancery.schema.Contract;
import dev.chancery.schema.EventType;
import dev.chancery.schema.identity.v1.FindRecordsReply;
import dev.chancery.schema.identity.v1.FindRecordsRequest;
import dev.chancery.schema.identity.v1.FoundRecord;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Finds the records of the caller's organisation that came from an address or a client, whether these are sealed or hidden in them. Each
 * record's values have salts of their own, so that there is no index (ADR 72): the log is read backwards, in the time that is asked for, and
 * each value tried.
 *
 * <p><b>Limits:</b> a call reads for four seconds at most, since a command has ten, and finds a page; the next call goes on.
 */
final class RecordSearch {
    private static final int DEFAULT_PAGE = 100;
    private static final int FETCH_ROWS = 500;
    private static final Duration BUDGET = Duration.ofSeconds(4);

    private static final String ADDRESS = "address";
    private static final String CLIENT = "client";

    private final Database database;
    private final LogTimes times;
    private final Keyring keyring;
    /** Types of events with something to find. */
    private final Map<String, EventType> types;

    RecordSearch(Database database, Keyring keyring, Contract contract) {
        this.database = database;
        this.times = new LogTimes(database, DatabaseRole.IDENTITY);
        this.keyring = keyring;
        this.types = contract.events().values().stream()
                .filter(type -> type.prototype().getDescriptorForType().getFields().stream()
                        .anyMatch(field -> ClassRule.contract(field).getHideable()))
                .collect(Collectors.toUnmodifiableMap(EventType::fullName, Function.identity()));
    }

    CommandOutcome find(CommandContext context, FindRecordsRequest request) {
        Map<String, String> wanted = new LinkedHashMap<>();
        if (!request.getAddress().isEmpty()) {
            wanted.put(ADDRESS, written(request.getAddress()));
        }
        if (!request.getClient().isEmpty()) {
            wanted.put(CLIENT, request.getClient());
        }
        if (wanted.isEmpty()) {
            return CommandOutcome.reject(IdentityRejection.WHICH_RECORDS);
        }
        if (Integer.compareUnsigned(request.getPageSize(), Directory.MAX_PAGE) > 0) {
            return CommandOutcome.reject(IdentityRejection.PAGE_SIZE);
        }
        int page = request.getPageSize() == 0 ? DEFAULT_PAGE : request.getPageSize();
        // A position that is too large for a long is after all there are.
        long before = request.getBefore() > 0 ? request.getBefore() : Long.MAX_VALUE;
        return CommandOutcome.done(find(
                context.tenant(),
                wanted,
                Math.min(before, upTo(context.tenant(), request)),
                micros(request.getFromMillis()),
                page));
    }

    /** The position before which records were made in time: found by halving, since time never falls. */
    private long upTo(String tenant, FindRecordsRequest request) {
        if (request.getToMillis() == 0) {
            return Long.MAX_VALUE;
        }
        return times.lastUpTo(tenant, micros(request.getToMillis()) - 1).orElse(-1) + 1;
    }

    private static long micros(long millis) {
        return Math.clamp(millis, 0, Long.MAX_VALUE / 1000) * 1000;
    }

    /** An address as requests' addresses are written into records. */
    private static String written(String address) {
        try {
            return InetAddress.ofLiteral(address).getHostAddress();
        } catch (IllegalArgumentException e) {
            return address;
        }
    }

    private FindRecordsReply find(String tenant, Map<String, String> wanted, long before, long fromMicros, int page) {
        long began = System.nanoTime();
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var reply = FindRecordsReply.newBuilder();
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND position < ? ORDER BY position DESC")) {
                query.setString(1, tenant);
                query.setLong(2, before);
                query.setFetchSize(FETCH_ROWS);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        LogRecord record = LogRecord.parse(tenant, rows.getBytes(1), 0, 0);
                        if (record.statement().getRecordedAtMicros() < fromMicros) {
                            return reply.build();
                        }
                        whose(record, wanted).ifPresent(subject -> reply.addRecords(found(record, subject)));
                        if (reply.getRecordsCount() == page || System.nanoTime() - began > BUDGET.toNanos()) {
                            return reply.setNextBefore(record.position()).build();
                        }
                    }
                }
            } catch (MalformedRecord e) {
                throw new IllegalStateException("a record of the log does not parse", e);
            }
            return reply.build();
        });
    }

    private static FoundRecord found(LogRecord record, String subject) {
        return FoundRecord.newBuilder()
                .setPosition(record.position())
                .setRecordedAtMicros(record.statement().getRecordedAtMicros())
                .setAction(record.statement().getAction())
                .setPrincipalId(subject)
                .build();
    }

    /** To whom the values are sealed, if they are those. */
    private Optional<String> whose(LogRecord record, Map<String, String> wanted) {
        Statement statement = record.statement();
        UUID entryId = entryId(statement.getEntryId());
        Optional<String> subject = statement.hasAddress()
                ? whose(record.tenant(), entryId, statement, wanted)
                : whoseLines(record.tenant(), entryId, statement, wanted);
        return subject.or(() -> record.events().stream()
                .filter(event -> types.containsKey(event.type()))
                .flatMap(event -> whose(record.tenant(), entryId, message(event), wanted).stream())
                .findFirst());
    }

    private Optional<String> whose(String tenant, UUID entryId, Message message, Map<String, String> wanted) {
        String subject = "";
        for (Map.Entry<String, String> each : wanted.entrySet()) {
            FieldDescriptor field = message.getDescriptorForType().findFieldByName(each.getKey());
            if (field == null || !(message.getField(field) instanceof Sealed sealed) || !message.hasField(field)) {
                return Optional.empty();
            }
            var value = new SealedValue(
                    sealed, entryId, message.getDescriptorForType().getFullName(), field.getName());
            if (!keyring.matches(value.where(tenant), sealed, each.getValue())) {
                return Optional.empty();
            }
            subject = sealed.getKey().getSubject();
        }
        return Optional.of(subject);
    }

    /** Of a statement that has address and client sealed together, a line each. */
    private Optional<String> whoseLines(String tenant, UUID entryId, Statement statement, Map<String, String> wanted) {
        if (!statement.hasClient()) {
            return Optional.empty();
        }
        Sealed sealed = statement.getClient();
        String[] lines = new SealedValue(
                        sealed, entryId, Statement.getDescriptor().getFullName(), CLIENT)
                .open(keyring, tenant)
                .split("\n", 2);
        boolean fits = lines.length == 2
                && lines[0].equals(wanted.getOrDefault(ADDRESS, lines[0]))
                && lines[1].equals(wanted.getOrDefault(CLIENT, lines[1]));
        return fits ? Optional.of(sealed.getKey().getSubject()) : Optional.empty();
    }

    private Message message(LogEvent event) {
        try {
            return Objects.requireNonNull(types.get(event.type()))
                    .prototype()
                    .getParserForType()
                    .parseFrom(event.body());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an event in the log does not parse", e);
        }
    }

    private static UUID entryId(ByteString bytes) {
        ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
        return new UUID(buffer.getLong(), buffer.getLong());
    }
}
