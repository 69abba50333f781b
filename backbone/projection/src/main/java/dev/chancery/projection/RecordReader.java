package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.EntryVerifier;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.projection.Foreign.Reason;
import dev.chancery.schema.log.v1.Statement;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Tells the records that a source of this installation has signed from whatever else lies on the log's topic.
 *
 * <p>A source's key is committed before anything is signed with it, and a record before it is sent. So keys that were read after a
 * message had arrived suffice to judge it; they are read again at most once for the messages that arrived together.
 *
 * <p><b>Thread safety:</b> for one thread.
 */
final class RecordReader {
    private final LogTopic topic;
    private final String instanceId;
    private final VerifierKeys stored;
    private final EntryVerifier verifier = new EntryVerifier();
    private Map<Source, VerifierKey> keys = Map.of();
    private boolean current;

    private record Source(String name, int keyId) {}

    RecordReader(LogTopic topic, String instanceId, Database database, DatabaseRole role) {
        this.topic = topic;
        this.instanceId = instanceId;
        this.stored = new VerifierKeys(database, role);
    }

    /** Messages have arrived: keys that were read before may lack one of theirs. */
    void arrived() {
        current = false;
    }

    LogRecord read(ConsumerRecord<byte[], byte[]> message) throws Foreign {
        String tenant = LogTopic.tenantOf(message).orElseThrow(() -> new Foreign(Reason.KEY));
        require(message.partition() == topic.partitionOf(tenant), Reason.PARTITION);
        byte @Nullable [] value = message.value();
        if (value == null) {
            throw new Foreign(Reason.EMPTY);
        }
        LogRecord record;
        try {
            record = LogRecord.parse(tenant, value, message.partition(), message.offset());
        } catch (MalformedRecord e) {
            throw new Foreign(e.isOfAnotherLog() ? Reason.OTHER_LOG : Reason.MALFORMED);
        }
        Statement statement = record.statement();
        require(statement.getOrigin().equals(instanceId + "/" + tenant), Reason.OTHER_LOG);
        VerifierKey key = key(new Source(instanceId + "/source/" + statement.getFeature(), statement.getSourceKey()));
        require(key != null && verifier.verify(record.entry(), key), Reason.UNSIGNED);
        require(record.hasSignedBodies(), Reason.ALTERED);
        return record;
    }

    private @Nullable VerifierKey key(Source source) {
        VerifierKey key = keys.get(source);
        if (key == null && !current) {
            keys = stored.of(instanceId + "/source/").stream()
                    .collect(Collectors.toMap(known -> new Source(known.name(), known.keyId()), Function.identity()));
            current = true;
            key = keys.get(source);
        }
        return key;
    }

    private static void require(boolean holds, Reason otherwise) throws Foreign {
        if (!holds) {
            throw new Foreign(otherwise);
        }
    }
}
