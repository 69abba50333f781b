package dev.chancery.boundary.tokens;

import dev.chancery.kernel.Principal;
import java.time.Instant;

/**
 * Verifies the access tokens of one issuer. Our own is {@link OwnIssuer}; a federated one gets its keys through egress and knows how its
 * claims name a principal.
 */
public interface TokenVerifier {
    /** The {@code iss} of the tokens that this verifies. */
    String issuer();

    /** Whether the key that a token names is at hand, so that {@link #verify} waits for nothing. */
    boolean hasKeyOf(Jwt token);

    /** What a token is worth that names this issuer. */
    Verified verify(Jwt token);

    /** What a token is worth. */
    sealed interface Verified {
        record Good(Principal principal, Instant expiresAt) implements Verified {}

        record Bad(boolean expired) implements Verified {}
    }
}
