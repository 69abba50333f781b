package dev.chancery.schema;

import com.google.protobuf.ByteString;

/** An event of a tenant's log, as far as folds that run outside the server know it. */
public interface LogEvent {
    /** The full name of its message. */
    String type();

    ByteString body();

    /** Of the record that carries it. */
    long position();
}
