package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.keyring.SourceSignatures;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code log.record}.
 *
 * @param record byte for byte what goes to Kafka; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // passed on as it came
record CommittedRecord(String tenant, long position, byte[] record) {
    /** What logs are called; {@code log.head} takes no other names, and PostgreSQL not even every string. */
    private static final Pattern TENANT = Pattern.compile("[a-z0-9-]{1,36}");

    /** Whose log a message says that it is of; empty where no log has such a name. */
    static Optional<String> tenantOf(byte @Nullable [] key) {
        return Optional.ofNullable(key)
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .filter(name -> TENANT.matcher(name).matches());
    }

    /** What is signed of a record; not the bodies of its events, whose hashes it holds. */
    static byte[] entryOf(byte[] record) throws InvalidProtocolBufferException {
        return Record.parseFrom(record).getEntry().toByteArray();
    }

    /** What the record states of itself. */
    static Statement statementOf(byte[] record) throws InvalidProtocolBufferException {
        byte[] entry = entryOf(record);
        try {
            return Statement.parser().parseFrom(entry, 1, EntryFrame.of(entry).statementBytes());
        } catch (IllegalArgumentException e) {
            throw new InvalidProtocolBufferException(e);
        }
    }

    /**
     * Whether a message claims, under a source's signature, to be another record than the log has at its place. The committed entry with
     * other bodies claims nothing: whoever can read the topic can make that.
     *
     * @param row what the log has there, if anything
     */
    static boolean contradicts(byte[] message, String tenant, byte @Nullable [] row, SourceSignatures sources)
            throws InvalidProtocolBufferException {
        if (Arrays.equals(row, message)) {
            return false;
        }
        byte[] entry = entryOf(message);
        Statement statement = statementOf(message);
        return statement.getOrigin().endsWith("/" + tenant)
                && (row == null || !Arrays.equals(entryOf(row), entry))
                && sources.signed(entry, statement);
    }
}
