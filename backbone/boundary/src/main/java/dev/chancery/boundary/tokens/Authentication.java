package dev.chancery.boundary.tokens;

import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Caller;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import java.util.Optional;

/** From a bearer token to the principal it stands for. */
public final class Authentication {
    private final Tokens tokens;

    public Authentication(Tokens tokens) {
        this.tokens = tokens;
    }

    /** Who calls, if that is known at once: of a token that was verified before, or whose key is at hand. */
    public Optional<Principal> recognised(Caller caller) {
        return caller.bearer().flatMap(tokens::recognised);
    }

    /**
     * Who calls; from here on the permit is one of the caller's tenant.
     *
     * @throws RefusedException when the token is missing or not valid here, or a limit is reached
     */
    public Principal authenticate(Caller caller, InFlight.Permit permit) throws RefusedException {
        if (permit.caller().isPresent()) {
            return permit.caller().get();
        }
        String bearer = caller.bearer().orElseThrow(() -> new RefusedException(BoundaryRejection.TOKEN_MISSING));
        permit.awaitWorkerSlot();
        Principal principal = principal(tokens.verify(bearer));
        permit.becomes(principal);
        return principal;
    }

    private static Principal principal(Tokens.Presented presented) throws RefusedException {
        return switch (presented) {
            case Tokens.Presented.Good good -> good.principal();
            case Tokens.Presented.Bad bad ->
                throw new RefusedException(
                        bad.expired() ? BoundaryRejection.TOKEN_EXPIRED : BoundaryRejection.TOKEN_INVALID);
        };
    }
}
