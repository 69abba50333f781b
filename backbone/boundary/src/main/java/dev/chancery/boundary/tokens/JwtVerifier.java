package dev.chancery.boundary.tokens;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.Set;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwa.AlgorithmFactoryFactory;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.EdDsaAlgorithm;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;

/**
 * The one place where JWTs are verified, whoever issued them: jose4j checks the signature, issuer, audience, times and that the required
 * claims are there. The key is handed in, and it alone says which algorithms there are: {@code EdDSA} and {@code Ed25519} (RFC 9864) mean
 * the same for a key of Ed25519, {@code ES256} is for one of P-256.
 */
public final class JwtVerifier {
    private static final String ED25519 = "Ed25519";

    static {
        // jose4j knows it by its older name only.
        var ed25519 = new EdDsaAlgorithm();
        ed25519.setAlgorithmIdentifier(ED25519);
        AlgorithmFactoryFactory.getInstance().getJwsAlgorithmFactory().registerAlgorithm(ed25519);
    }

    private JwtVerifier() {}

    /**
     * What a JWT has to be.
     *
     * @param audiences of which it has to name one
     * @param skewSeconds how far the issuer's clock may be off
     * @param claims that it must have, besides issuer, audience and expiry
     */
    public record Expected(String issuer, Set<String> audiences, int skewSeconds, Set<String> claims) {}

    /** What verifying came to. All but {@link #GOOD} and {@link #BAD} are said of a JWT whose signature is good. */
    public enum Verdict {
        GOOD,
        /** Good but for its time. */
        EXPIRED,
        /** Good but for its audience. */
        ANOTHER_AUDIENCE,
        BAD
    }

    public static Verdict verify(Jwt jwt, PublicKey key, Expected expected) {
        return verify(jwt, key, algorithms(key), expected);
    }

    /** The same with a key that somebody else says the algorithm of: one of JWS (RFC 7518, RFC 8037), and it alone counts. */
    public static Verdict verify(Jwt jwt, PublicKey key, String algorithm, Expected expected) {
        return verify(
                jwt,
                key,
                algorithm.equals(AlgorithmIdentifiers.EDDSA)
                        ? new String[] {AlgorithmIdentifiers.EDDSA, ED25519}
                        : new String[] {algorithm},
                expected);
    }

    private static Verdict verify(Jwt jwt, PublicKey key, String[] algorithms, Expected expected) {
        if (!jwt.claims().keySet().containsAll(expected.claims())) {
            return Verdict.BAD;
        }
        var consumer = new JwtConsumerBuilder()
                .setVerificationKey(key)
                .setJwsAlgorithmConstraints(ConstraintType.PERMIT, algorithms)
                .setExpectedIssuer(expected.issuer())
                .setExpectedAudience(true, expected.audiences().toArray(String[]::new))
                .setRequireExpirationTime()
                .setAllowedClockSkewInSeconds(expected.skewSeconds())
                .build();
        try {
            consumer.processToClaims(jwt.text());
            return Verdict.GOOD;
        } catch (InvalidJwtException e) {
            return verdict(e);
        }
    }

    private static Verdict verdict(InvalidJwtException e) {
        if (e.getErrorDetails().size() != 1) {
            return Verdict.BAD;
        }
        return switch (e.getErrorDetails().getFirst().getErrorCode()) {
            case ErrorCodes.EXPIRED -> Verdict.EXPIRED;
            case ErrorCodes.AUDIENCE_INVALID -> Verdict.ANOTHER_AUDIENCE;
            default -> Verdict.BAD;
        };
    }

    private static String[] algorithms(PublicKey key) {
        return key instanceof ECPublicKey
                ? new String[] {AlgorithmIdentifiers.ECDSA_USING_P256_CURVE_AND_SHA256}
                : new String[] {AlgorithmIdentifiers.EDDSA, ED25519};
    }
}
