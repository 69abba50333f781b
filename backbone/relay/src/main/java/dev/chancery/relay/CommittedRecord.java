package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;

/**
 * A row of {@code log.record}.
 *
 * @param record byte for byte what goes to Kafka; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // passed on as it came
record CommittedRecord(String tenant, long position, byte[] record) {
    private static final int SCHEME_BYTES = 1;
    private static final int SIGNATURE_BYTES = 64;

    /** What the record states of itself. */
    static Statement statementOf(byte[] record) throws InvalidProtocolBufferException {
        var entry = Record.parseFrom(record).getEntry();
        if (entry.size() < SCHEME_BYTES + SIGNATURE_BYTES) {
            throw new InvalidProtocolBufferException("entry too short");
        }
        return Statement.parseFrom(entry.substring(SCHEME_BYTES, entry.size() - SIGNATURE_BYTES));
    }
}
