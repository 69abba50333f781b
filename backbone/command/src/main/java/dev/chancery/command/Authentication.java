package dev.chancery.command;

import dev.chancery.command.Handler.RefusedException;
import dev.chancery.kernel.Principal;

/** From a bearer token to the principal it stands for. */
public final class Authentication {
    private final Tokens tokens;

    public Authentication(Tokens tokens) {
        this.tokens = tokens;
    }

    /** @throws RefusedException when there is no token, or none that is worth anything here */
    Principal authenticate(Caller caller) throws RefusedException {
        String bearer = caller.bearer().orElseThrow(() -> new RefusedException(BoundaryRejection.TOKEN_MISSING));
        return switch (tokens.verify(bearer)) {
            case Tokens.Presented.Good good -> good.principal();
            case Tokens.Presented.Bad bad ->
                throw new RefusedException(
                        bad.expired() ? BoundaryRejection.TOKEN_EXPIRED : BoundaryRejection.TOKEN_INVALID);
        };
    }
}
