package dev.chancery.identity;

import dev.chancery.command.CommandContext;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.schema.log.v1.Sealed;
import java.util.UUID;

/**
 * A sealed value of an event, and what it was sealed to.
 *
 * @param type the event's
 * @param field the value's
 */
record SealedValue(Sealed sealed, UUID entryId, String type, String field) {
    SealContext where(String tenant) {
        return new SealContext(
                tenant, sealed.getKey().getSubject(), sealed.getKey().getRetention(), entryId, type, field);
    }

    String open(CommandContext context) {
        return context.open(where(context.tenant()), sealed).orElse("");
    }

    /** The value; empty once its subject's key was destroyed. */
    String open(Keyring keyring, String tenant) {
        return keyring.open(where(tenant), sealed).text().orElse("");
    }
}
