package dev.chancery.access;

import com.google.protobuf.Descriptors.Descriptor;
import dev.chancery.command.CommandContext;
import dev.chancery.decision.RoleModel.Described;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;

/** What things are for, in people's words: sealed wherever it is kept. */
final class Descriptions {
    private static final String FIELD = "description";
    private static final String ABOUT_NOBODY = "";
    private static final RetentionClass RETENTION = RetentionClass.RETENTION_CLASS_ACCOUNT;

    private Descriptions() {}

    /** Unset where there are no words. */
    static Sealed seal(CommandContext context, Descriptor event, String text) {
        return text.isEmpty() ? Sealed.getDefaultInstance() : context.seal(ABOUT_NOBODY, event, FIELD, text);
    }

    static boolean says(CommandContext context, Descriptor event, Described description, String text) {
        return isSet(description)
                ? context.open(where(context.tenant(), event, description), description.sealed())
                        .orElse("")
                        .equals(text)
                : text.isEmpty();
    }

    static String open(Keyring keyring, String tenant, Descriptor event, Described description) {
        return isSet(description)
                ? keyring.open(where(tenant, event, description), description.sealed())
                        .text()
                        .orElse("")
                : "";
    }

    private static boolean isSet(Described description) {
        return !description.sealed().equals(Sealed.getDefaultInstance());
    }

    private static SealContext where(String tenant, Descriptor event, Described description) {
        return new SealContext(tenant, ABOUT_NOBODY, RETENTION, description.entryId(), event.getFullName(), FIELD);
    }
}
