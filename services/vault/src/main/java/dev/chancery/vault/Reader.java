package dev.chancery.vault;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.vault.v1.SecretReadUnderBreakGlass;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * Who asks for a value, beside being on the lists: a program needs no more; a person, in a production environment, has to hold {@code
 * secret:read} by break-glass, to say why, and to be freshly authenticated. An agent asks there for nobody.
 *
 * @param elevation the break-glass by which a person that says why may read, the one that ends last
 */
record Reader(Principal principal, Optional<Assignment> elevation, long atMicros) {
    /** How old a person's authentication may be. */
    static final int FRESH_SECONDS = 600;

    /** @param reason as the request has it; empty: none is given */
    static Reader of(CommandContext context, String reason) {
        Principal principal = context.principal();
        boolean asksInPerson =
                principal.type() == Principal.Type.USER && principal.actingFor().isEmpty() && !reason.isEmpty();
        return new Reader(
                principal,
                asksInPerson
                        ? VaultRules.elevationToRead(context.authority(principal.id()), context.atMicros())
                        : Optional.empty(),
                context.atMicros());
    }

    /** What an agent does for somebody, that somebody does. */
    boolean isPerson() {
        return principal.type() == Principal.Type.USER || principal.actingFor().isPresent();
    }

    /** Whether a value of a production environment is for it. */
    boolean isJustified() {
        return !isPerson() || elevation.isPresent();
    }

    /** What a person is told whose authentication is too old for this environment. */
    Optional<CommandOutcome> stepUp(Environment environment) {
        Instant oldest = Instant.EPOCH.plus(atMicros, ChronoUnit.MICROS).minusSeconds(FRESH_SECONDS);
        return environment.production() && isPerson() && !principal.steppedUpSince(oldest)
                ? Optional.of(CommandOutcome.stepUp(FRESH_SECONDS))
                : Optional.empty();
    }

    /**
     * The mark of a person's read.
     *
     * @param version 0: a credential
     */
    Optional<SecretReadUnderBreakGlass> mark(Environment environment, String secret, int version) {
        return environment.production()
                ? elevation.map(held -> SecretReadUnderBreakGlass.newBuilder()
                        .setSecret(secret)
                        .setSecretVersion(version)
                        .setReaderId(principal.id())
                        .setElevationId(held.id())
                        .build())
                : Optional.empty();
    }

    /** Until when a credential may last that is asked for until {@code micros}: a person's in production no longer than the break-glass. */
    long end(Environment environment, long micros) {
        return environment.production()
                ? elevation.map(held -> Math.min(held.untilMicros(), micros)).orElse(micros)
                : micros;
    }
}
