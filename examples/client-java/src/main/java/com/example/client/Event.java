package com.example.client;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One event as it came.
 *
 * @param id its CloudEvents id; with the organisation it names the event for ever
 * @param type full name of its protobuf message
 * @param body the message's bytes
 */
record Event(String id, String type, String subject, byte[] body) {
    /** Here is where you do what you came for; false: this program can't read it. */
    boolean apply() {
        Optional<Descriptor> known = descriptor();
        try {
            if (id.isEmpty() || known.isEmpty()) {
                return false;
            }
            DynamicMessage.parseFrom(known.get(), body);
        } catch (InvalidProtocolBufferException e) {
            return false;
        }
        System.out.println(id + " " + type + " " + subject);
        return true;
    }

    /** Types of the files that this program was built with. A new version brings new ones. */
    private Optional<Descriptor> descriptor() {
        return Stream.of(
                        RoleAssigned.getDescriptor().getFile(),
                        PrincipalCreated.getDescriptor().getFile())
                .filter(file -> type.startsWith(file.getPackage() + "."))
                .map(file -> file.findMessageTypeByName(
                        type.substring(file.getPackage().length() + 1)))
                .filter(java.util.Objects::nonNull)
                .findFirst();
    }
}
