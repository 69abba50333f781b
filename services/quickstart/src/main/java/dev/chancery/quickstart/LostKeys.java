package dev.chancery.quickstart;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Keyring;
import dev.chancery.schema.Contract;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.EventType;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.KeyRef;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.options.v1.RetentionClass;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The keys that imported records were sealed by and that were made after the newest copy of the keys: keys are in no record, since a key in a record that stays for ever
 * could never be destroyed. So they were lost with the database, and what they had sealed with them; the records themselves are whole.
 */
final class LostKeys {
    private static final int FETCH_ROWS = 500;

    private final Database database;
    private final Keyring keyring;
    private final Map<String, EventType> types;

    /**
     * One of them.
     *
     * @param subject whose it was; empty: nobody's
     */
    record Lost(String tenant, String subject, int retention, int version) {
        /** As a line of the file that a restore keeps them in until it is done. */
        String line() {
            return String.join(
                    " ",
                    tenant,
                    subject.isEmpty() ? "-" : subject,
                    Integer.toString(retention),
                    Integer.toString(version));
        }

        static Lost of(String line) {
            String[] parts = line.split(" ", -1);
            return new Lost(
                    parts[0],
                    parts[1].equals("-") ? "" : parts[1],
                    Integer.parseInt(parts[2]),
                    Integer.parseInt(parts[3]));
        }

        private KeyRef ref() {
            return KeyRef.newBuilder()
                    .setSubject(subject)
                    .setRetentionValue(retention)
                    .setVersion(version)
                    .build();
        }
    }

    LostKeys(Database database, Keyring keyring) {
        this.database = database;
        this.keyring = keyring;
        this.types = Contract.load().events();
    }

    /** Those that a log's records from a position on name. */
    List<Lost> find(String tenant, long from) {
        Set<KeyRef> named = database.transaction(DatabaseRole.RELAY, connection -> {
            var found = new HashSet<KeyRef>();
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND position >= ? ORDER BY position")) {
                query.setString(1, tenant);
                query.setLong(2, from);
                query.setFetchSize(FETCH_ROWS);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        ofRecord(rows.getBytes(1), found);
                    }
                }
            }
            return found;
        });
        return keyring.lost(tenant, named).stream()
                .map(key -> new Lost(tenant, key.getSubject(), key.getRetentionValue(), key.getVersion()))
                .toList();
    }

    /** Has them count as destroyed, so that what they had sealed reads as forgotten and their owners can be written about again. */
    void replace(Collection<Lost> lost) {
        lost.stream()
                .collect(Collectors.groupingBy(Lost::tenant))
                .forEach((tenant, keys) ->
                        keyring.replaceLost(tenant, keys.stream().map(Lost::ref).toList()));
    }

    private void ofRecord(byte[] row, Set<KeyRef> found) {
        try {
            Record record = Record.parseFrom(row);
            byte[] entry = record.getEntry().toByteArray();
            Statement statement =
                    Statement.parser().parseFrom(entry, 1, EntryFrame.of(entry).statementBytes());
            ofMessage(statement, found);
            List<EventRef> events = statement.getOutcome().getEventsList();
            for (int i = 0; i < events.size(); i++) {
                EventType type = types.get(events.get(i).getType());
                if (type != null) {
                    ofMessage(type.prototype().getParserForType().parseFrom(record.getBodies(i)), found);
                }
            }
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a row of the log does not parse", e);
        }
    }

    private static void ofMessage(Message message, Set<KeyRef> found) {
        if (message instanceof Sealed sealed) {
            // A secret of the vault has no class, and its key is in another ring.
            if (sealed.getKey().getRetention() != RetentionClass.RETENTION_CLASS_UNSPECIFIED) {
                found.add(sealed.getKey());
            }
            return;
        }
        for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
            if (field.getKey().getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                if (field.getKey().isRepeated()) {
                    ((List<?>) field.getValue()).forEach(each -> ofMessage((Message) each, found));
                } else {
                    ofMessage((Message) field.getValue(), found);
                }
            }
        }
    }
}
