package dev.chancery.identity;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalEmailChanged;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Sealed;
import java.util.Optional;
import java.util.UUID;

/** A principal with what it is called, sealed. */
record Account(
        PrincipalType type,
        boolean active,
        Optional<SealedValue> displayName,
        Optional<SealedValue> email,
        Optional<SealedValue> externalName) {

    static final Fold<Account, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Account initial() {
            return new Account(
                    PrincipalType.PRINCIPAL_TYPE_UNSPECIFIED,
                    false,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }

        @Override
        public Account evolve(Account state, StoredEvent event) {
            try {
                return switch (event.type()) {
                    case "chancery.identity.v1.PrincipalCreated" -> {
                        var created = PrincipalCreated.parseFrom(event.body());
                        yield new Account(
                                created.getType(),
                                true,
                                value(created.hasDisplayName(), created.getDisplayName(), event, "display_name"),
                                value(created.hasEmail(), created.getEmail(), event, "email"),
                                value(created.hasExternalName(), created.getExternalName(), event, "external_name"));
                    }
                    case "chancery.identity.v1.PrincipalDeactivated" -> state.with(false, state.email());
                    case "chancery.identity.v1.PrincipalReactivated" -> state.with(true, state.email());
                    case "chancery.identity.v1.PrincipalEmailChanged" -> {
                        var changed = PrincipalEmailChanged.parseFrom(event.body());
                        yield state.with(state.active(), value(changed.hasEmail(), changed.getEmail(), event, "email"));
                    }
                    default -> state;
                };
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("an event in the log does not parse", e);
            }
        }
    };

    private static Optional<SealedValue> value(boolean there, Sealed sealed, StoredEvent event, String field) {
        UUID entryId = event.entryId();
        return there ? Optional.of(new SealedValue(sealed, entryId, event.type(), field)) : Optional.empty();
    }

    private Account with(boolean nowActive, Optional<SealedValue> nowEmail) {
        return new Account(type, nowActive, displayName, nowEmail, externalName);
    }

    boolean exists() {
        return type != PrincipalType.PRINCIPAL_TYPE_UNSPECIFIED;
    }
}
