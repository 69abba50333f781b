package dev.chancery.identity;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.chancery.boundary.tokens.IssuerKeys;
import dev.chancery.schema.identity.v1.IssuerTerms;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;

/** An OIDC issuer, whose key the test makes. */
final class TestIssuer {
    static final String URL = "https://token.ci.example.org";
    static final String AUDIENCE = "https://chancery.example.org/acme";
    static final String KEY_ID = "2026-01";

    private static final Map<String, String> SIGNATURES = Map.of(
            "EdDSA", "Ed25519",
            "ES256", "SHA256withECDSAinP1363Format",
            "ES384", "SHA384withECDSAinP1363Format",
            "RS256", "SHA256withRSA");

    final String algorithm;
    final KeyPair keys;

    TestIssuer(String algorithm) {
        this(algorithm, pair(algorithm, 2_048));
    }

    private TestIssuer(String algorithm, KeyPair keys) {
        this.algorithm = algorithm;
        this.keys = keys;
    }

    static TestIssuer rsa(int bits) {
        return new TestIssuer("RS256", pair("RS256", bits));
    }

    private static KeyPair pair(String algorithm, int rsaBits) {
        try {
            String kind =
                    switch (algorithm) {
                        case "EdDSA" -> "Ed25519";
                        case "RS256" -> "RSA";
                        default -> "EC";
                    };
            KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
            switch (algorithm) {
                case "RS256" -> generator.initialize(rsaBits);
                case "ES256" -> generator.initialize(new ECGenParameterSpec("secp256r1"));
                case "ES384" -> generator.initialize(new ECGenParameterSpec("secp384r1"));
                default -> {}
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Its public key as a JWK. */
    JsonObject jwk() {
        try {
            var jwk = PublicJsonWebKey.Factory.newPublicJwk(keys.getPublic());
            jwk.setKeyId(KEY_ID);
            return new JsonObject(jwk.toParams(OutputControlLevel.PUBLIC_ONLY));
        } catch (JoseException e) {
            throw new AssertionError(e);
        }
    }

    static String jwks(JsonObject... keys) {
        JsonArray all = new JsonArray();
        for (JsonObject key : keys) {
            all.add(key);
        }
        return new JsonObject().put("keys", all).encode();
    }

    IssuerTerms.Builder terms() {
        return IssuerTerms.newBuilder()
                .addAudiences(AUDIENCE)
                .setJwks(jwks(jwk()))
                .setCreates(PrincipalType.USER);
    }

    /** What the log says of it. */
    IssuerTrusted.Builder trusted() {
        return IssuerTrusted.newBuilder()
                .setIssuerId("0199f2aa-0000-7000-8000-0000000000e1")
                .setIssuer(URL)
                .addAudiences(AUDIENCE)
                .addAllKeys(IssuerKeys.of(jwks(jwk())).orElseThrow())
                .setSubjectClaim("sub")
                .setGroupsClaim("groups")
                .setCreates(PrincipalType.USER);
    }

    JsonObject header() {
        return new JsonObject().put("alg", algorithm).put("kid", KEY_ID).put("typ", "JWT");
    }

    static JsonObject claims(String subject) {
        long now = Instant.now().getEpochSecond();
        return new JsonObject()
                .put("iss", URL)
                .put("sub", subject)
                .put("aud", AUDIENCE)
                .put("jti", UUID.randomUUID().toString())
                .put("iat", now)
                .put("exp", now + 300);
    }

    String token(JsonObject claims) {
        return signed(header(), claims);
    }

    String signed(JsonObject header, JsonObject claims) {
        return signed(Client.encoded(header) + "." + Client.encoded(claims));
    }

    /** @param content header and claims, encoded */
    String signed(String content) {
        try {
            var signing = Signature.getInstance(SIGNATURES.get(algorithm));
            signing.initSign(keys.getPrivate());
            signing.update(content.getBytes(US_ASCII));
            return content + "." + Client.base64(signing.sign());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
