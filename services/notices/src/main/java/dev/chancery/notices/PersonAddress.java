package dev.chancery.notices;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.kernel.Fold;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalEmailChanged;
import dev.chancery.schema.log.v1.Sealed;
import java.util.Optional;
import java.util.UUID;

/**
 * A person's mail address, sealed.
 *
 * @param entryId of the record, and {@code type} of the event, that it was sealed to
 */
record PersonAddress(Sealed sealed, UUID entryId, String type) {
    private static final String CREATED = "chancery.identity.v1.PrincipalCreated";
    private static final String CHANGED = "chancery.identity.v1.PrincipalEmailChanged";

    static final Fold<Optional<PersonAddress>, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Optional<PersonAddress> initial() {
            return Optional.empty();
        }

        @Override
        public Optional<PersonAddress> evolve(Optional<PersonAddress> state, StoredEvent event) {
            try {
                return switch (event.type()) {
                    case CREATED -> {
                        var created = PrincipalCreated.parseFrom(event.body());
                        yield created.hasEmail() ? of(created.getEmail(), event) : Optional.empty();
                    }
                    case CHANGED -> {
                        var changed = PrincipalEmailChanged.parseFrom(event.body());
                        yield changed.hasEmail() ? of(changed.getEmail(), event) : Optional.empty();
                    }
                    default -> state;
                };
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("an event in the log does not parse", e);
            }
        }
    };

    private static Optional<PersonAddress> of(Sealed sealed, StoredEvent event) {
        return Optional.of(new PersonAddress(sealed, event.entryId(), event.type()));
    }

    /** The address; empty once the person's key was destroyed. */
    Optional<String> open(Keyring keyring, String tenant) {
        var where = new SealContext(
                tenant, sealed.getKey().getSubject(), sealed.getKey().getRetention(), entryId, type, "email");
        return keyring.open(where, sealed).text();
    }
}
