package dev.chancery.elevation;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;

/** Reads the feature's own events. */
final class Events {
    private Events() {}

    static <M extends Message> M read(Parser<M> parser, ByteString body) {
        try {
            return parser.parseFrom(body);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an event in the log does not parse", e);
        }
    }
}
