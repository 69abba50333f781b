package dev.chancery.cli.demo;

import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.Unreachable;
import java.util.Map;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.jose4j.lang.JoseException;

/** Verifies an access token as any resource server would: with the keys that the instance publishes, by a library. */
final class TokenCheck {
    private TokenCheck() {}

    static void verify(RestTransport rest, String token, String subject) throws Unreachable, NotAsTold {
        String keys =
                rest.send("GET", "/oauth/jwks.json", Map.of(), new byte[0]).text();
        try {
            new JwtConsumerBuilder()
                    .setExpectedType(true, "at+jwt")
                    .setExpectedIssuer(rest.base())
                    .setExpectedAudience(rest.base())
                    .setExpectedSubject(subject)
                    .setRequireExpirationTime()
                    .setVerificationKeyResolver(
                            new JwksVerificationKeyResolver(new JsonWebKeySet(keys).getJsonWebKeys()))
                    .setJwsAlgorithmConstraints(
                            new AlgorithmConstraints(ConstraintType.PERMIT, AlgorithmIdentifiers.EDDSA))
                    .build()
                    .processToClaims(token);
        } catch (InvalidJwtException e) {
            throw new NotAsTold("the access token", "verifies", "does not: " + e.getErrorDetails());
        } catch (JoseException e) {
            throw new NotAsTold("the published keys", "a JWK set", "something else");
        }
    }
}
