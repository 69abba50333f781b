package dev.chancery.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.junit.jupiter.api.Test;

class AssertionTest {
    private static final String AUDIENCE = "http://127.0.0.1:8080";
    private final ClientKey key = ClientKey.generate("instance.0199f2aa-0000-7000-8000-000000000001");

    @Test
    void itIsWhatAnInstanceAccepts() throws Exception {
        JwtClaims claims = consumer(key).processToClaims(Assertion.sign(key, AUDIENCE, Instant.now()));
        assertThat(claims.getIssuer()).isEqualTo(key.clientId());
        assertThat(claims.getSubject()).isEqualTo(key.clientId());
        assertThat(claims.getExpirationTime().getValue() - claims.getIssuedAt().getValue())
                .isEqualTo(Assertion.LIFETIME.toSeconds());
    }

    @Test
    void eachCountsAsAnother() {
        Instant now = Instant.now();
        assertThat(Assertion.sign(key, AUDIENCE, now)).isNotEqualTo(Assertion.sign(key, AUDIENCE, now));
    }

    @Test
    void anotherKeyDoesNotVerifyIt() {
        String assertion = Assertion.sign(key, AUDIENCE, Instant.now());
        ClientKey other = ClientKey.generate(key.clientId());
        assertThatThrownBy(() -> consumer(other).processToClaims(assertion)).isInstanceOf(InvalidJwtException.class);
    }

    @Test
    void afterItsTimeItIsWorthNothing() {
        String old = Assertion.sign(
                key, AUDIENCE, Instant.now().minus(Assertion.LIFETIME).minusSeconds(1));
        assertThatThrownBy(() -> consumer(key).processToClaims(old)).isInstanceOf(InvalidJwtException.class);
    }

    private static JwtConsumer consumer(ClientKey key) throws Exception {
        return new JwtConsumerBuilder()
                .setExpectedIssuer(key.clientId())
                .setExpectedSubject(key.clientId())
                .setExpectedAudience(AUDIENCE)
                .setRequireExpirationTime()
                .setRequireJwtId()
                .setMaxFutureValidityInMinutes(5)
                .setVerificationKey(ClientKey.publicKey(key.publicKey()))
                .setJwsAlgorithmConstraints(new AlgorithmConstraints(ConstraintType.PERMIT, AlgorithmIdentifiers.EDDSA))
                .build();
    }
}
