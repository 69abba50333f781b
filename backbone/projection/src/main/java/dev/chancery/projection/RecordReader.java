package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.SourceSignatures;
import dev.chancery.keyring.SourceSignatures.By;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.projection.Foreign.Reason;
import dev.chancery.schema.log.v1.Statement;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Tells the records that a source of this installation has signed from whatever else lies on the log's topic.
 *
 * <p><b>Thread safety:</b> for one thread.
 */
final class RecordReader {
    private final LogTopic topic;
    private final String instanceId;
    private final Database database;
    private final DatabaseRole role;
    private final SourceSignatures sources;

    RecordReader(LogTopic topic, String instanceId, Database database, DatabaseRole role) {
        this.topic = topic;
        this.instanceId = instanceId;
        this.database = database;
        this.role = role;
        this.sources = new SourceSignatures(new VerifierKeys(database, role));
    }

    /** Messages have arrived. */
    void arrived() {
        sources.arrived();
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
        By signer = sources.by(record.entry(), statement);
        require(signer != By.NOBODY, Reason.UNSIGNED);
        require(record.hasSignedBodies(), Reason.ALTERED);
        require(signer == By.SOURCE || isCommitted(record), Reason.UNSIGNED);
        return record;
    }

    /** Of what a withdrawn key signed: whether it is the record at its place. A record is committed before it is sent. */
    private boolean isCommitted(LogRecord record) {
        return database.inTenant(role, record.tenant(), connection -> PositionTable.isCommitted(connection, record));
    }

    private static void require(boolean holds, Reason otherwise) throws Foreign {
        if (!holds) {
            throw new Foreign(otherwise);
        }
    }
}
