package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.nio.charset.StandardCharsets;
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
