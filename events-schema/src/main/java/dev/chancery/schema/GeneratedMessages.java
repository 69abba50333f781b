package dev.chancery.schema;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Internal;
import com.google.protobuf.Message;
import java.util.Optional;

/** Finds the generated class of a message by its file's Java package, so that a message is declared once: in its proto. */
final class GeneratedMessages {
    private GeneratedMessages() {}

    /** The default instance of a top-level message's class; empty when no class is generated for exactly this descriptor. */
    static Optional<Message> prototype(Descriptor message) {
        var options = message.getFile().getOptions();
        if (!options.getJavaMultipleFiles() || message.getContainingType() != null) {
            return Optional.empty();
        }
        try {
            Class<? extends Message> generated = Class.forName(options.getJavaPackage() + "." + message.getName())
                    .asSubclass(Message.class);
            Message prototype = Internal.getDefaultInstance(generated);
            return prototype.getDescriptorForType().equals(message) ? Optional.of(prototype) : Optional.empty();
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }
}
