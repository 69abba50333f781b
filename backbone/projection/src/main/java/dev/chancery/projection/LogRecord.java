package dev.chancery.projection;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.EventHash;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One record as it came from Kafka, parsed once.
 *
 * <p>{@link #parse} checks its form. That a source signed the entry, and that these are the bodies that the entry speaks of, is
 * {@link RecordReader}'s to see.
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

    /** The rule that a record of another log breaks. */
    static final String ORIGIN = "origin";

    public static final int MAX_ENTRY_BYTES = EntryFrame.MAX_BYTES;
    private static final Parser<Statement> KNOWN_FIELDS = DiscardUnknownFieldsParser.wrap(Statement.parser());

    /** Size of the entry and the bodies. */
    long bytes() {
        return entry.length + bodies.stream().mapToLong(ByteString::size).sum();
    }

    /** Of the {@code chancery.log.v1.Record} as the log's table has it, byte for byte. */
    byte[] sha256() {
        return EntryFrame.sha256()
                .digest(Record.newBuilder()
                        .setEntry(UnsafeByteOperations.unsafeWrap(entry))
                        .addAllBodies(bodies)
                        .build()
                        .toByteArray());
    }

    /** Whether it may carry events; the other kind is an intent. */
    public boolean isOutcome() {
        return statement.hasOutcome();
    }

    /** The events of an outcome in order; none for an intent. */
    public List<LogEvent> events() {
        List<EventRef> references = references();
        int firstBody = firstBody();
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

    private List<EventRef> references() {
        if (!statement.getOutcome().hasEventList()) {
            return statement.getOutcome().getEventsList();
        }
        try {
            return readList(bodies.getFirst());
        } catch (MalformedRecord e) {
            throw new IllegalStateException("the list was read once already", e);
        }
    }

    private int firstBody() {
        return statement.getOutcome().hasEventList() ? 1 : 0;
    }

    /** Whether the bodies are those that the entry names; docs/reference/formats.md, "Events". */
    boolean hasSignedBodies() {
        List<EventRef> references = references();
        if (statement.getOutcome().hasEventList()
                && !Arrays.equals(
                        root(references),
                        statement.getOutcome().getEventList().getRoot().toByteArray())) {
            return false;
        }
        for (int i = 0; i < references.size(); i++) {
            EventRef event = references.get(i);
            byte[] hash = EventHash.of(
                    tenant, event.getStream(), event.getVersion(), event.getType(), bodies.get(firstBody() + i));
            if (!Arrays.equals(hash, event.getHash().toByteArray())) {
                return false;
            }
        }
        return true;
    }

    /** The RFC 6962 root over references. */
    private static byte[] root(List<EventRef> references) {
        MessageDigest sha256 = EntryFrame.sha256();
        if (references.isEmpty()) {
            return sha256.digest();
        }
        if (references.size() == 1) {
            sha256.update((byte) 0);
            return sha256.digest(references.getFirst().toByteArray());
        }
        int left = Integer.highestOneBit(references.size() - 1);
        return EntryFrame.node(
                sha256, root(references.subList(0, left)), root(references.subList(left, references.size())));
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
        require(origin.substring(origin.indexOf('/') + 1).equals(tenant), ORIGIN);
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
