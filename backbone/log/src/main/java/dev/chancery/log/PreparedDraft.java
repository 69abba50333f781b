package dev.chancery.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.EventHash;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A draft with everything done that needs no lock: bodies encoded, events numbered after the basis and hashed. What is left
 * under the lock is a position, a time and a signature.
 */
record PreparedDraft(Draft draft, List<EventRef> references, List<ByteString> bodies) {
    /** A field's tag and length take no more. */
    private static final int FRAME_BYTES = 6;

    static PreparedDraft of(Draft draft) {
        List<EventRef> references = new ArrayList<>(draft.events().size());
        List<ByteString> bodies = new ArrayList<>(draft.events().size());
        Map<StreamId, Long> versions = new HashMap<>(draft.basis());
        for (NewEvent event : draft.events()) {
            long version = versions.merge(event.stream(), 1L, Long::sum);
            ByteString body = event.body().toByteString();
            references.add(EventRef.newBuilder()
                    .setStream(event.stream().value())
                    .setVersion(version)
                    .setType(event.type())
                    .setHash(UnsafeByteOperations.unsafeWrap(
                            EventHash.of(draft.tenant(), event.stream().value(), version, event.type(), body)))
                    .build());
            bodies.add(body);
        }
        return new PreparedDraft(draft, references, bodies);
    }

    /** The statement as it is signed. */
    Statement statement(String origin, String feature, int sourceKey, long position, long recordedAtMicros) {
        Statement.Builder statement = draft.statement().toBuilder()
                .setOrigin(origin)
                .setPosition(position)
                .setRecordedAtMicros(recordedAtMicros)
                .setFeature(feature)
                .setSourceKey(sourceKey);
        if (draft.isIntent()) {
            statement.getIntentBuilder().setDeadlineMicros(deadlineMicros(recordedAtMicros));
        } else {
            Outcome.Builder outcome = statement.getOutcomeBuilder();
            outcome.addAllEvents(references);
        }
        return statement.build();
    }

    /** An upper bound of the record's size, given its entry's. */
    long recordBytes(int entryBytes) {
        return FRAME_BYTES
                + entryBytes
                + bodies.stream().mapToLong(body -> FRAME_BYTES + body.size()).sum();
    }

    /** About what the draft takes in a group. */
    long bytes() {
        return recordBytes(draft.statement().getSerializedSize())
                + 128L * draft.basis().size();
    }

    long deadlineMicros(long recordedAtMicros) {
        return recordedAtMicros + draft.deadlineMillis() * 1000;
    }

    /** What goes into the row, and byte for byte to Kafka. */
    byte[] record(Entry entry) {
        return Record.newBuilder()
                .setEntry(UnsafeByteOperations.unsafeWrap(entry.bytes()))
                .addAllBodies(bodies)
                .build()
                .toByteArray();
    }
}
