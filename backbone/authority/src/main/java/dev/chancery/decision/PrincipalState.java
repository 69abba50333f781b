package dev.chancery.decision;

import com.google.protobuf.ByteString;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalKeyChanged;
import dev.chancery.schema.identity.v1.PrincipalType;

/**
 * A principal, as far as authority needs it: no name, nothing personal.
 *
 * @param publicKey raw Ed25519 key, or point of P-256, that its client assertions are checked with
 */
public record PrincipalState(PrincipalType type, boolean active, ByteString publicKey) {
    public static final Fold<PrincipalState, LogEvent> FOLD = new Fold<>() {
        @Override
        public PrincipalState initial() {
            return new PrincipalState(PrincipalType.PRINCIPAL_TYPE_UNSPECIFIED, false, ByteString.EMPTY);
        }

        @Override
        public PrincipalState evolve(PrincipalState state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.identity.v1.PrincipalCreated" -> {
                    var created = EventReading.read(PrincipalCreated.parser(), event.body());
                    yield new PrincipalState(created.getType(), true, created.getPublicKey());
                }
                case "chancery.identity.v1.PrincipalDeactivated" ->
                    new PrincipalState(state.type(), false, state.publicKey());
                case "chancery.identity.v1.PrincipalReactivated" ->
                    new PrincipalState(state.type(), true, state.publicKey());
                case "chancery.identity.v1.PrincipalKeyChanged" ->
                    new PrincipalState(
                            state.type(),
                            state.active(),
                            EventReading.read(PrincipalKeyChanged.parser(), event.body())
                                    .getPublicKey());
                default -> state;
            };
        }
    };

    public boolean exists() {
        return type != PrincipalType.PRINCIPAL_TYPE_UNSPECIFIED;
    }
}
