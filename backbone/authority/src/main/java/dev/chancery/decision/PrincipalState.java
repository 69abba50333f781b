package dev.chancery.decision;

import com.google.protobuf.ByteString;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.identity.v1.AgentAllowed;
import dev.chancery.schema.identity.v1.AgentWithdrawn;
import dev.chancery.schema.identity.v1.IssuerRolesChanged;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalKeyChanged;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.List;
import java.util.stream.Stream;

/**
 * A principal, as far as authority needs it: no name, nothing personal.
 *
 * @param publicKey raw Ed25519 key, or point of P-256, that its client assertions are checked with; empty: it has none
 * @param issuerRoles what its groups at an issuer give it
 * @param delegations which agents may act for it
 */
public record PrincipalState(
        PrincipalType type,
        boolean active,
        ByteString publicKey,
        IssuerRoles issuerRoles,
        List<Delegation> delegations) {
    /** One that comes from no issuer, and for whom nobody acts. */
    public PrincipalState(PrincipalType type, boolean active, ByteString publicKey) {
        this(type, active, publicKey, IssuerRoles.NONE, List.of());
    }

    public PrincipalState {
        delegations = List.copyOf(delegations);
    }

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
                case "chancery.identity.v1.PrincipalDeactivated" -> state.with(false, state.publicKey());
                case "chancery.identity.v1.PrincipalReactivated" -> state.with(true, state.publicKey());
                case "chancery.identity.v1.PrincipalKeyChanged" ->
                    state.with(
                            state.active(),
                            EventReading.read(PrincipalKeyChanged.parser(), event.body())
                                    .getPublicKey());
                case "chancery.identity.v1.IssuerRolesChanged" ->
                    new PrincipalState(
                            state.type(),
                            state.active(),
                            state.publicKey(),
                            IssuerRoles.of(EventReading.read(IssuerRolesChanged.parser(), event.body())),
                            state.delegations());
                case "chancery.identity.v1.AgentAllowed" ->
                    state.with(Stream.concat(
                            state.delegations().stream(),
                            Stream.of(Delegation.of(EventReading.read(AgentAllowed.parser(), event.body())))));
                case "chancery.identity.v1.AgentWithdrawn" -> {
                    String gone = EventReading.read(AgentWithdrawn.parser(), event.body())
                            .getDelegationId();
                    yield state.with(state.delegations().stream()
                            .filter(given -> !given.id().equals(gone)));
                }
                default -> state;
            };
        }
    };

    private PrincipalState with(boolean nowActive, ByteString nowPublicKey) {
        return new PrincipalState(type, nowActive, nowPublicKey, issuerRoles, delegations);
    }

    private PrincipalState with(Stream<Delegation> nowDelegations) {
        return new PrincipalState(type, active, publicKey, issuerRoles, nowDelegations.toList());
    }

    public boolean exists() {
        return type != PrincipalType.PRINCIPAL_TYPE_UNSPECIFIED;
    }
}
