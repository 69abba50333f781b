package dev.chancery.projection;

import com.google.protobuf.ByteString;

/**
 * One event of an outcome.
 *
 * @param stream e.g. {@code access/role-model}
 * @param version dense within the stream, from 1
 * @param type full name of the event's protobuf message
 * @param body the serialized message
 * @param position of the record that carries it
 * @param recordedAtMicros Unix time at which that record was made
 * @param actorId who did it
 */
public record LogEvent(
        String stream,
        long version,
        String type,
        ByteString body,
        long position,
        long recordedAtMicros,
        String actorId) {}
