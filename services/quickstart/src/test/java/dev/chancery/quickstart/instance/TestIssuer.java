package dev.chancery.quickstart.instance;

import dev.chancery.schema.identity.v1.ClaimCondition;
import dev.chancery.schema.identity.v1.IssuerTerms;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;

/** An OIDC issuer as a CI has one: whoever holds its key makes tokens for whomever it likes. */
public record TestIssuer(String url, SigningKey key) {
    public static final String AUDIENCE = "chancery";
    private static final String KEY_ID = "2026";

    public static TestIssuer create() {
        return new TestIssuer("https://" + SharedInstance.unique() + ".ci.example.org", SigningKey.generate());
    }

    /** Its raw public key, as a JWK has it. */
    public String publicKey() {
        return SigningKey.base64(Base64.getDecoder().decode(key.publicKey()));
    }

    public String jwks() {
        return new JsonObject()
                .put(
                        "keys",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("kty", "OKP")
                                        .put("crv", "Ed25519")
                                        .put("kid", KEY_ID)
                                        .put("x", publicKey())))
                .encode();
    }

    /** Services are let in whose repository is {@code acme/app}. */
    public IssuerTerms terms() {
        return IssuerTerms.newBuilder()
                .addAudiences(AUDIENCE)
                .setJwks(jwks())
                .addConditions(
                        ClaimCondition.newBuilder().setClaim("repository").addValues("acme/app"))
                .setCreates(PrincipalType.SERVICE)
                .build();
    }

    public JsonObject claims(String subject) {
        long now = Instant.now().getEpochSecond();
        return new JsonObject()
                .put("iss", url)
                .put("sub", subject)
                .put("aud", AUDIENCE)
                .put("jti", UUID.randomUUID().toString())
                .put("iat", now)
                .put("exp", now + 300);
    }

    public String token(JsonObject claims) {
        return SigningKey.jwt(
                new JsonObject().put("alg", "EdDSA").put("kid", KEY_ID).put("typ", "JWT"), claims, key::sign);
    }
}
