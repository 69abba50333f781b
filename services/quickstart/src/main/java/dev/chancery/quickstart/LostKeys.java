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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The keys that imported records were sealed by and that were made after the backup: keys are in no record, so they were lost with the database. Only
 * what they had sealed is: the records themselves are whole.
 */
final class LostKeys {
    private static final int FETCH_ROWS = 500;

    private final Database database;
    private final Keyring keyring;
    private final Map<String, EventType> types;

    LostKeys(Database database, Keyring keyring) {
        this.database = database;
        this.keyring = keyring;
        this.types = Contract.load().events();
    }

    /** Has them count as destroyed, those of a log's records from a position on; answers how many. */
    int replace(String tenant, long from) {
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
        return keyring.replaceLost(tenant, named);
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
