package dev.chancery.identity;

import dev.chancery.kernel.Principal;
import java.time.Instant;
import java.util.Optional;

/**
 * Somebody who has shown who they are, on the way to their tokens.
 *
 * @param workspace the one to act in, of which the principal is a member
 * @param actingFor whom an agent acts for
 * @param acr how it was authenticated: {@link Principal#STRONG}, or what a trusted issuer calls it
 * @param offline whether to open a session, with a refresh token
 * @param device the client's own name for the device that it runs on; empty: the user agent stands for it
 */
record SignedIn(
        String principalId,
        Principal.Type type,
        Optional<String> workspace,
        Optional<String> actingFor,
        Instant authenticatedAt,
        String acr,
        boolean offline,
        String device) {}
