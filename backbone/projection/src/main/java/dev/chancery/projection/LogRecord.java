package dev.chancery.projection;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One record as it came from Kafka, parsed once.
 *
 * <p>Its form is checked, its signature and the hashes of its bodies are not: those are the auditor's to judge.
 *
 * @param entry the ledger's leaf, exact bytes; not copied, not to be changed
 * @param bodies of the events; where there are more than 256 events the first is the list of references
 */
@SuppressWarnings(
        "ArrayRecordComponent") // the leaf is hashed and written as it is; copying it at 50,000/s buys nothing
public record LogRecord(
        String tenant,
        long position,
        byte[] entry,
        Statement statement,
        List<ByteString> bodies,
        int partition,
        long offset) {

    public static final int MAX_ENTRY_BYTES = EntryFrame.MAX_BYTES;
    private static final Parser<Statement> KNOWN_FIELDS = DiscardUnknownFieldsParser.wrap(Statement.parser());

    /** Size of the entry and the bodies. */
    long bytes() {
        return entry.length + bodies.stream().mapToLong(ByteString::size).sum();
    }

    /** Whether it may carry events; the other kind is an intent. */
    public boolean isOutcome() {
        return statement.hasOutcome();
    }

    /** The events of an outcome in order; none for an intent. */
    public List<LogEvent> events() {
        List<EventRef> references = statement.getOutcome().getEventsList();
        int firstBody = 0;
        if (statement.getOutcome().hasEventList()) {
            try {
                references = readList(bodies.getFirst());
            } catch (MalformedRecord e) {
                throw new IllegalStateException("the list was read once already", e);
            }
            firstBody = 1;
        }
        var events = new ArrayList<LogEvent>(references.size());
        for (int i = 0; i < references.size(); i++) {
            EventRef reference = references.get(i);
            events.add(new LogEvent(
                    reference.getStream(),
                    reference.getVersion(),
                    reference.getType(),
                    bodies.get(firstBody + i),
                    position,
                    statement.getRecordedAtMicros(),
                    statement.getActor().getId()));
        }
        return events;
    }

    /** Parses the value of a message, a {@code chancery.log.v1.Record}, that was found under the key {@code tenant}. */
    public static LogRecord parse(String tenant, byte[] value, int partition, long offset) throws MalformedRecord {
        Record record;
        Statement statement;
        byte[] entry;
        EntryFrame frame;
        try {
            record = Record.parseFrom(value);
            entry = record.getEntry().toByteArray();
            frame = EntryFrame.of(entry);
            statement = KNOWN_FIELDS.parseFrom(entry, 1, frame.statementBytes());
        } catch (InvalidProtocolBufferException e) {
            throw new MalformedRecord("protobuf", e);
        } catch (IllegalArgumentException e) {
            throw new MalformedRecord(String.valueOf(e.getMessage()), e);
        }
        require(record.getUnknownFields().isEmpty(), "unknown field");
        byte[] canonical = statement.toByteArray();
        require(Arrays.equals(canonical, 0, canonical.length, entry, 1, 1 + frame.statementBytes()), "canonical form");
        String origin = statement.getOrigin();
        require(origin.substring(origin.indexOf('/') + 1).equals(tenant), "origin");
        require(statement.getPosition() >= 0, "position");
        require(statement.hasIntent() || statement.hasOutcome(), "kind");
        var parsed = new LogRecord(
                tenant, statement.getPosition(), entry, statement, record.getBodiesList(), partition, offset);
        require(parsed.bodies.size() == parsed.expectedBodies(), "bodies");
        return parsed;
    }

    private int expectedBodies() throws MalformedRecord {
        if (!statement.getOutcome().hasEventList()) {
            return statement.getOutcome().getEventsCount();
        }
        require(statement.getOutcome().getEventsCount() == 0 && !bodies.isEmpty(), "event list");
        int count = readList(bodies.getFirst()).size();
        require(count == statement.getOutcome().getEventList().getCount(), "event list");
        return 1 + count;
    }

    /** References, each after its length as four bytes. */
    private static List<EventRef> readList(ByteString list) throws MalformedRecord {
        var references = new ArrayList<EventRef>();
        try {
            CodedInputStream input = list.newCodedInput();
            while (!input.isAtEnd()) {
                int length = Integer.reverseBytes(input.readRawLittleEndian32());
                require(length >= 0, "event list");
                references.add(EventRef.parseFrom(input.readRawBytes(length)));
            }
        } catch (IOException e) {
            throw new MalformedRecord("event list", e);
        }
        return references;
    }

    private static void require(boolean holds, String rule) throws MalformedRecord {
        if (!holds) {
            throw new MalformedRecord(rule);
        }
    }
}
