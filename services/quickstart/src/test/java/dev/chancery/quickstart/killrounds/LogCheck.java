package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.killrounds.CommandMarks.Marked;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Reads all logs from PostgreSQL, on from where it was, and holds them to the rules: gapless, privileged outcomes after their
 * intents, one outcome for an intent, one success for an idempotency key, one event for a command.
 */
final class LogCheck {
    private static final int PAGE = 5_000;

    /** An outcome with the events that carry a mark. */
    record Told(Statement statement, Map<String, Marked> events) {
        Result result() {
            return statement.getOutcome().getResult();
        }
    }

    private record Intent(Statement statement, ByteString hash) {}

    /** One tenant's log, as far as it was read. */
    static final class Log {
        private final List<String> recordHashes = new ArrayList<>();
        private final Map<Long, Told> outcomes = new HashMap<>();
        private final Map<Long, Intent> open = new TreeMap<>();
        private final Map<ByteString, String> successes = new HashMap<>();
        private final Map<String, String> marks = new HashMap<>();
        private long recordedAtMicros;
        /** When the intents that were abandoned were recorded. */
        private final List<Long> abandonedMicros = new ArrayList<>();
    }

    private final Map<String, Log> logs = new TreeMap<>();
    private final Set<String> privileged = Contract.load().methods().stream()
            .filter(ContractMethod::privileged)
            .map(ContractMethod::auditAction)
            .collect(Collectors.toUnmodifiableSet());

    /** Reads what has come since. */
    void read(Database database) {
        Map<String, Long> heads = database.transaction(DatabaseRole.RELAY, LogCheck::heads);
        heads.forEach((tenant, size) -> {
            Log log = logs.computeIfAbsent(tenant, t -> new Log());
            while (log.recordHashes.size() < size) {
                int before = log.recordHashes.size();
                database.transaction(DatabaseRole.RELAY, connection -> page(connection, tenant, log, size));
                assertThat(log.recordHashes.size())
                        .as("tenant %s: records there of %d", tenant, size)
                        .isGreaterThan(before);
            }
        });
        assertThat(heads.keySet()).as("tenants that had a log").containsAll(logs.keySet());
    }

    private static Map<String, Long> heads(Connection connection) throws SQLException {
        Map<String, Long> heads = new TreeMap<>();
        try (var query = connection.prepareStatement("SELECT tenant, next_position FROM log.head");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                heads.put(rows.getString(1), rows.getLong(2));
            }
        }
        return heads;
    }

    private int page(Connection connection, String tenant, Log log, long size) throws SQLException {
        try (var query = connection.prepareStatement("SELECT position, record FROM log.record"
                + " WHERE tenant = ? AND position >= ? AND position < ? ORDER BY position LIMIT " + PAGE)) {
            query.setString(1, tenant);
            query.setLong(2, log.recordHashes.size());
            query.setLong(3, size);
            int count = 0;
            try (var rows = query.executeQuery()) {
                for (; rows.next(); count++) {
                    String where = tenant + "@" + rows.getLong(1);
                    assertThat(rows.getLong(1))
                            .as("position after %s's last", tenant)
                            .isEqualTo(log.recordHashes.size());
                    take(where, log, rows.getBytes(2));
                }
            } catch (InvalidProtocolBufferException e) {
                throw new AssertionError("a record of " + tenant + " does not parse", e);
            }
            return count;
        }
    }

    private void take(String where, Log log, byte[] row) throws InvalidProtocolBufferException {
        Record record = Record.parseFrom(row);
        ByteString entry = record.getEntry();
        int statementBytes = EntryFrame.of(entry.toByteArray()).statementBytes();
        Statement statement = Statement.parseFrom(entry.substring(1, 1 + statementBytes));
        long position = log.recordHashes.size();
        assertThat(statement
                        .getOrigin()
                        .substring(statement.getOrigin().indexOf('/') + 1)
                        .concat("@" + statement.getPosition()))
                .isEqualTo(where);
        assertThat(statement.getRecordedAtMicros())
                .as("time at %s", where)
                .isGreaterThanOrEqualTo(log.recordedAtMicros);
        log.recordedAtMicros = statement.getRecordedAtMicros();
        log.recordHashes.add(HexFormat.of().formatHex(sha256(row)));
        if (statement.hasIntent()) {
            byte[] leaf = ByteString.copyFrom(new byte[] {0}).concat(entry).toByteArray();
            log.open.put(position, new Intent(statement, ByteString.copyFrom(sha256(leaf))));
        } else {
            outcome(where, position, log, statement, record.getBodiesList());
        }
    }

    private void outcome(String where, long position, Log log, Statement statement, List<ByteString> bodies)
            throws InvalidProtocolBufferException {
        Outcome outcome = statement.getOutcome();
        if (outcome.hasIntent()) {
            Intent intent = log.open.remove(outcome.getIntent().getPosition());
            assertThat(intent)
                    .as(
                            "%s: intent %d is there and has no other outcome",
                            where, outcome.getIntent().getPosition())
                    .isNotNull();
            assertThat(outcome.getIntent().getHash())
                    .as("%s: intent's hash", where)
                    .isEqualTo(intent.hash());
            assertThat(List.of(statement.getAction(), statement.getActor().getId(), statement.getRequestId()))
                    .as("%s: as its intent", where)
                    .containsExactly(
                            intent.statement().getAction(),
                            intent.statement().getActor().getId(),
                            intent.statement().getRequestId());
            if (outcome.getResult() == Result.ABANDONED) {
                log.abandonedMicros.add(intent.statement().getRecordedAtMicros());
            }
        } else if (privileged.contains(statement.getAction())) {
            assertThat(outcome.getResult())
                    .as("%s: %s without an intent", where, statement.getAction())
                    .isEqualTo(Result.DENIED);
        }
        if (outcome.getResult() != Result.SUCCESS) {
            assertThat(bodies)
                    .as("%s: events of %s", where, outcome.getResult())
                    .isEmpty();
        } else if (!statement.getIdempotencyKeyHash().isEmpty()) {
            String before = log.successes.put(statement.getIdempotencyKeyHash(), where);
            assertThat(before)
                    .as("%s: earlier success of the same idempotency key", where)
                    .isNull();
        }
        var marked = new HashMap<String, Marked>();
        for (int i = 0; i < outcome.getEventsCount(); i++) {
            EventRef reference = outcome.getEvents(i);
            CommandMarks.of(reference.getType(), bodies.get(i)).ifPresent(mark -> marked.put(mark.mark(), mark));
        }
        for (String mark : marked.keySet()) {
            assertThat(log.marks.put(mark, where))
                    .as("%s: earlier effect of the same command, %s", where, mark)
                    .isNull();
        }
        log.outcomes.put(position, new Told(statement, marked));
    }

    Set<String> tenants() {
        return Set.copyOf(logs.keySet());
    }

    long size(String tenant) {
        return log(tenant).recordHashes.size();
    }

    long records() {
        return logs.values().stream().mapToLong(log -> log.recordHashes.size()).sum();
    }

    /** SHA-256 of the record at a position. */
    String recordHash(String tenant, long position) {
        return log(tenant).recordHashes.get(Math.toIntExact(position));
    }

    Told outcomeAt(String tenant, long position) {
        Told told = log(tenant).outcomes.get(position);
        assertThat(told).as("outcome at %s@%d", tenant, position).isNotNull();
        return told;
    }

    boolean hasEffect(String tenant, String mark) {
        return log(tenant).marks.containsKey(mark);
    }

    /** Intents without an outcome. */
    long openIntents() {
        return logs.values().stream().mapToLong(log -> log.open.size()).sum();
    }

    long abandonedIntents() {
        return abandonedIntents(Long.MAX_VALUE);
    }

    /** Those that were recorded before a time, in Unix microseconds. */
    long abandonedIntents(long beforeMicros) {
        return logs.values().stream()
                .flatMap(log -> log.abandonedMicros.stream())
                .filter(recorded -> recorded < beforeMicros)
                .count();
    }

    private Log log(String tenant) {
        Log log = logs.get(tenant);
        assertThat(log).as("log of %s", tenant).isNotNull();
        return log;
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
