package dev.chancery.identity;

import static dev.chancery.identity.TestIssuer.jwks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.tokens.IssuerKeys;
import dev.chancery.schema.identity.v1.IssuerKey;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which keys of an issuer's are taken. */
class IssuerKeysTest {
    private static final TestIssuer P256 = new TestIssuer("ES256");
    private static final TestIssuer RSA = new TestIssuer("RS256");

    @ParameterizedTest
    @ValueSource(strings = {"EdDSA", "ES256", "ES384", "RS256"})
    void aPublicKeyIsTakenWithItsOneAlgorithm(String algorithm) {
        TestIssuer issuer = new TestIssuer(algorithm);
        assertThat(IssuerKeys.of(jwks(issuer.jwk())).orElseThrow())
                .singleElement()
                .satisfies(key -> {
                    assertThat(key.getAlgorithm()).isEqualTo(algorithm);
                    assertThat(IssuerKeys.read(key)).isEqualTo(issuer.keys.getPublic());
                });
    }

    @Test
    void anRsaKeyIsForTheAlgorithmThatItNames() {
        assertThat(IssuerKeys.of(jwks(RSA.jwk().put("alg", "PS256"))).orElseThrow())
                .extracting(IssuerKey::getAlgorithm)
                .containsExactly("PS256");
        refused(jwks(RSA.jwk().put("alg", "HS256")));
        refused(jwks(RSA.jwk().put("alg", "RSA-OAEP")));
        refused(jwks(P256.jwk().put("alg", "ES384")));
    }

    @Test
    void secretsAreRefused() {
        refused(jwks(new JsonObject().put("kty", "oct").put("kid", "k").put("k", "c2VjcmV0")));
        refused(jwks(RSA.jwk().put("d", "AQAB")));
        refused(jwks(
                P256.jwk(), new JsonObject().put("kty", "oct").put("kid", "k").put("k", "c2VjcmV0")));
    }

    @Test
    void aPointThatIsNotOnTheCurveIsRefused() {
        String x = P256.jwk().getString("x");
        refused(jwks(P256.jwk().put("y", x)));
        refused(jwks(P256.jwk().put("x", Client.base64(new byte[32])).put("y", Client.base64(new byte[32]))));
        // p itself, and 0 in another spelling
        byte[] prime =
                new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16).toByteArray();
        refused(jwks(P256.jwk().put("x", Client.base64(prime))));
        refused(jwks(new JsonObject().put("kty", "OKP").put("crv", "Ed25519").put("x", Client.base64(new byte[31]))));
        refused(jwks(new JsonObject().put("kty", "OKP").put("crv", "Ed25519").put("x", Client.base64(new byte[32]))));
    }

    @Test
    void weakAndForeignKeysAreRefused() {
        refused(jwks(TestIssuer.rsa(1_024).jwk()));
        refused(jwks(RSA.jwk().put("e", "AQ")));
        refused(jwks(new JsonObject().put("kty", "OKP").put("crv", "X25519").put("x", Client.base64(new byte[32]))));
        refused(jwks(P256.jwk().put("use", "enc")));
    }

    @Test
    void aSetIsSmallAndItsNamesAreUnique() {
        refused("{}");
        refused("[]");
        refused("{\"keys\":[]}");
        refused("{\"keys\":{}}");
        refused("no JSON");
        refused(jwks(P256.jwk(), RSA.jwk()));
        refused(jwks(IntStream.range(0, 17)
                .mapToObj(number -> P256.jwk().put("kid", "k" + number))
                .toArray(JsonObject[]::new)));
        refused(jwks(P256.jwk().put("kid", "a b")));
        refused("{\"keys\":[" + P256.jwk().encode() + "],\"keys\":[" + RSA.jwk().encode() + "]}");
    }

    private static void refused(String jwks) {
        assertThat(IssuerKeys.of(jwks)).as(jwks).isEmpty();
    }
}
