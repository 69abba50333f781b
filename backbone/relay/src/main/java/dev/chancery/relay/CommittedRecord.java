package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;

/**
 * A row of {@code log.record}.
 *
 * @param record byte for byte what goes to Kafka; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // passed on as it came
record CommittedRecord(String tenant, long position, byte[] record) {
    /** What the record states of itself. */
    static Statement statementOf(byte[] record) throws InvalidProtocolBufferException {
        byte[] entry = Record.parseFrom(record).getEntry().toByteArray();
        try {
            return Statement.parser().parseFrom(entry, 1, EntryFrame.of(entry).statementBytes());
        } catch (IllegalArgumentException e) {
            throw new InvalidProtocolBufferException(e);
        }
    }
}
