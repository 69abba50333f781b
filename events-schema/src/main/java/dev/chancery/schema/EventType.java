package dev.chancery.schema;

import com.google.protobuf.Message;

/**
 * A type of event.
 *
 * @param fullName as in a log's event references, e.g. {@code chancery.access.v1.RoleAssigned}
 * @param feature the only feature that appends it
 * @param prototype default instance of the generated class
 */
public record EventType(String fullName, String feature, Message prototype) {}
