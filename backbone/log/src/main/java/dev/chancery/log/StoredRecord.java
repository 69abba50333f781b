package dev.chancery.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.log.v1.Record;
import java.util.List;
import java.util.UUID;

/** A record as it lies in the log. */
record StoredRecord(Entry entry, List<ByteString> bodies) {
    UUID entryId() {
        var id = entry.statement().getEntryId().asReadOnlyByteBuffer();
        return new UUID(id.getLong(), id.getLong());
    }

    static StoredRecord parse(byte[] row) {
        try {
            Record record = Record.parseFrom(row);
            return new StoredRecord(Entry.of(record.getEntry().toByteArray()), record.getBodiesList());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a row of the log does not parse", e);
        }
    }
}
