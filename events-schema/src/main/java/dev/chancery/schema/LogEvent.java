package dev.chancery.schema;

import com.google.protobuf.ByteString;
import java.util.UUID;

/** An event of a tenant's log, as far as folds that run outside the server know it. */
public interface LogEvent {
    /** The full name of its message. */
    String type();

    ByteString body();

    /** Of the record that carries it. */
    long position();

    /** Of the record that carries it: what its sealed values are bound to. All zeros where nothing is opened. */
    default UUID entryId() {
        return new UUID(0, 0);
    }
}
