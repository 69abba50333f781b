package dev.chancery.boundary.tokens;

import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.auth.principal.DefaultJWTCallerPrincipalFactory;
import io.smallrye.jwt.auth.principal.DefaultJWTParser;
import io.smallrye.jwt.auth.principal.JWTAuthContextInfo;
import io.smallrye.jwt.auth.principal.JWTParser;
import io.smallrye.jwt.auth.principal.ParseException;
import java.security.PublicKey;
import java.util.Set;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;

/**
 * The one place where JWTs are verified, whoever issued them: smallrye-jwt checks the signature (EdDSA over Ed25519 and nothing else),
 * issuer, audience, times and that the required claims are there. The key is handed in: smallrye-jwt never looks for one.
 */
public final class JwtVerifier {
    private static final JWTParser PARSER = new DefaultJWTParser(new DefaultJWTCallerPrincipalFactory());

    private JwtVerifier() {}

    /**
     * What a JWT has to be.
     *
     * @param audiences of which it has to name one
     * @param skewSeconds how far the issuer's clock may be off
     * @param claims that it must have, besides issuer, audience and expiry
     */
    public record Expected(String issuer, Set<String> audiences, int skewSeconds, Set<String> claims) {}

    /** What verifying came to. */
    public enum Verdict {
        GOOD,
        /** Good but for its time. */
        EXPIRED,
        BAD
    }

    public static Verdict verify(Jwt jwt, PublicKey key, Expected expected) {
        var context = new JWTAuthContextInfo(key, expected.issuer());
        context.setSignatureAlgorithm(Set.of(SignatureAlgorithm.EDDSA));
        context.setExpectedAudience(expected.audiences());
        context.setClockSkew(expected.skewSeconds());
        context.setRequiredClaims(expected.claims());
        try {
            PARSER.parse(jwt.text(), context);
            return Verdict.GOOD;
        } catch (ParseException e) {
            boolean expired = e.getCause() instanceof InvalidJwtException invalid
                    && invalid.hasErrorCode(ErrorCodes.EXPIRED)
                    && invalid.getErrorDetails().size() == 1;
            return expired ? Verdict.EXPIRED : Verdict.BAD;
        }
    }
}
