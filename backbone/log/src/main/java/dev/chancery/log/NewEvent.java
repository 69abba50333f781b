package dev.chancery.log;

import com.google.protobuf.Message;
import dev.chancery.kernel.StreamId;

/** An event to append: where it goes and what it says. Its personal values are sealed already. */
public record NewEvent(StreamId stream, Message body) {
    /** Full name of the body's message, e.g. {@code chancery.access.v1.RoleAssigned}. */
    public String type() {
        return body.getDescriptorForType().getFullName();
    }
}
