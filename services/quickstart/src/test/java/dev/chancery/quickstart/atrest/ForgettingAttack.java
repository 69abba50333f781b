package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.KeyMissing;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealBroken;
import dev.chancery.keyring.SealContext;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.MalformedRecord;
import dev.chancery.schema.Contract;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.common.record.FileRecords;
import org.apache.kafka.common.record.Record;

/** Somebody with an instance's files: the segments of Kafka, tables of keys of one day or another, a key file of one day or another. */
final class ForgettingAttack {
    /** A sealed value where it lies. */
    record Lying(SealContext where, Sealed sealed) {}

    /** The tables of keys as they once were, as JSON. */
    record Keys(String tenantKeys, String subjectKeys) {
        static Keys of(Connection superuser) throws SQLException {
            return new Keys(rows(superuser, "tenant_key"), rows(superuser, "subject_key"));
        }

        /** The wrapped keys of these subjects. */
        List<byte[]> subjectKeysOf(Set<String> subjects) {
            return new JsonArray(subjectKeys)
                    .stream()
                            .map(JsonObject.class::cast)
                            .filter(row ->
                                    subjects.contains(row.getString("subject")) && row.getString("wrapped") != null)
                            .map(row -> HexFormat.of()
                                    .parseHex(row.getString("wrapped").substring("\\x".length())))
                            .toList();
        }

        private static String rows(Connection superuser, String table) throws SQLException {
            try (var statement = superuser.createStatement();
                    var found = statement.executeQuery("SELECT json_agg(k)::text FROM keyring." + table + " k")) {
                found.next();
                return found.getString(1);
            }
        }
    }

    /** @param records how many of the log's there were, each once */
    record Segments(int records, List<Lying> lying) {}

    private ForgettingAttack() {}

    /** Every sealed personal value in the segments of a Kafka's log. */
    static Segments inSegments(Path kafka) {
        Map<String, List<Lying>> byRecord = new LinkedHashMap<>();
        List<Path> segments;
        try (Stream<Path> files = Files.walk(kafka)) {
            segments = files.filter(file -> file.toString().endsWith(".log")
                            && String.valueOf(file.getParent().getFileName()).startsWith("log.v1-"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Path segment : segments) {
            try (FileRecords records = FileRecords.open(segment.toFile(), false)) {
                for (Record record : records.records()) {
                    if (record.hasValue() && record.hasKey()) {
                        String tenant = UTF_8.decode(record.key()).toString();
                        LogRecord read = LogRecord.parse(tenant, bytes(record.value()), 0, record.offset());
                        byRecord.putIfAbsent(tenant + "@" + read.position(), sealed(read));
                    }
                }
            } catch (IOException | MalformedRecord e) {
                throw new IllegalStateException("a segment of the log does not read", e);
            }
        }
        return new Segments(
                byRecord.size(),
                byRecord.values().stream().flatMap(List::stream).toList());
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static List<Lying> sealed(LogRecord record) {
        List<Lying> found = new ArrayList<>();
        Statement statement = record.statement();
        UUID entryId = entryId(statement.getEntryId());
        sealed(record.tenant(), entryId, statement, found);
        for (LogEvent event : record.events()) {
            var type = Optional.ofNullable(Contracts.CONTRACT.events().get(event.type()));
            type.ifPresent(known -> {
                try {
                    sealed(
                            record.tenant(),
                            entryId,
                            known.prototype().getParserForType().parseFrom(event.body()),
                            found);
                } catch (InvalidProtocolBufferException e) {
                    throw new IllegalStateException("an event in the log does not parse", e);
                }
            });
        }
        return found;
    }

    private static final class Contracts {
        static final Contract CONTRACT = Contract.load();
    }

    private static void sealed(String tenant, UUID entryId, Message message, List<Lying> found) {
        message.getAllFields().forEach((field, value) -> {
            if (value instanceof Sealed sealed && !sealed.getKey().getSubject().isEmpty()) {
                found.add(new Lying(
                        new SealContext(
                                tenant,
                                sealed.getKey().getSubject(),
                                sealed.getKey().getRetention(),
                                entryId,
                                message.getDescriptorForType().getFullName(),
                                field.getName()),
                        sealed));
            }
        });
    }

    private static UUID entryId(ByteString bytes) {
        ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    /** What opens in a database of the attacker's own, with these tables and this key file: the texts, by whom they are about. */
    static Map<String, List<String>> open(List<Lying> lying, Keys tenantKeys, Keys subjectKeys, Path keyFile)
            throws SQLException {
        Map<String, List<String>> opened = new LinkedHashMap<>();
        try (Database theirs = Backing.database("keyring")) {
            try (Connection superuser = Backing.postgres().superuser(theirs.name());
                    var statement = superuser.createStatement()) {
                statement.execute("SET session_replication_role = replica");
                fill(superuser, "tenant_key", tenantKeys.tenantKeys());
                fill(superuser, "subject_key", subjectKeys.subjectKeys());
            }
            var attacker = new Keyring(theirs, KeyFileSealer.open(keyFile));
            for (Lying each : lying) {
                try {
                    attacker.open(each.where(), each.sealed()).text().ifPresent(text -> opened.computeIfAbsent(
                                    each.where().subject(), subject -> new ArrayList<>())
                            .add(text));
                } catch (KeyDestroyed | KeyMissing | SealBroken e) {
                    // not with these
                }
            }
        }
        return opened;
    }

    private static void fill(Connection superuser, String table, String rows) throws SQLException {
        try (var insert = superuser.prepareStatement("INSERT INTO keyring." + table
                + " SELECT * FROM json_populate_recordset(null::keyring." + table + ", ?::json)")) {
            insert.setString(1, rows);
            insert.executeUpdate();
        }
    }
}
