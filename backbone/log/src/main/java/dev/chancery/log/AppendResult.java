package dev.chancery.log;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import java.util.Optional;
import java.util.Set;

/** What an append came to. Everything but {@link Appended} left the log as it was. */
public sealed interface AppendResult {

    /**
     * Durable.
     *
     * @param recordedAtMicros the record's time, PostgreSQL's clock under the head lock
     * @param hash the entry's leaf hash
     */
    record Appended(long position, long recordedAtMicros, Digest hash) implements AppendResult {}

    /** These streams have moved since they were read: read them again and decide again. */
    record Moved(Set<StreamId> streams) implements AppendResult {}

    /** The key has an answer already: this one, at that position. Either a reply or a code. */
    @SuppressWarnings("ArrayRecordComponent") // handed through, never compared
    record Replayed(long position, byte[] reply, Optional<String> code) implements AppendResult {}

    /** A name that must be unique is another's. */
    record Taken(String kind) implements AppendResult {}

    /** Refused, with the reason. */
    record Refused(Rejection rejection) implements AppendResult {}
}
