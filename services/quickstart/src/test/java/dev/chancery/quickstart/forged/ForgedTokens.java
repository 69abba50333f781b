package dev.chancery.quickstart.forged;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SigningKey;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens that look right and are not, made from a good one. Some are signed with the instance's own key, which a test can reach, so
 * that nothing but the one claim is wrong with them.
 */
final class ForgedTokens {
    private static final String INVALID = "auth.token-invalid";
    private static final String EXPIRED = "auth.token-expired";
    private static final byte[] X509_OF_ED25519 = {
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00
    };

    private final JsonObject header;
    private final JsonObject claims;
    private final String signature;
    private final Signer own;
    private final SigningKey foreign = SigningKey.generate();
    private final String otherTenant;
    private final Map<String, Expected> forged = new LinkedHashMap<>();

    /** A token and the code that it gets. */
    record Expected(String token, String code) {}

    private ForgedTokens(SharedInstance shared) {
        String[] parts = shared.a.token().split("\\.");
        this.own = tokenKey(shared);
        // The key that signs now: tokens of the one before it are good, too.
        this.header =
                decode(parts[0]).put("kid", "%08x".formatted(own.verifierKey().keyId()));
        this.claims = decode(parts[1]);
        this.signature = parts[2];
        this.otherTenant = shared.b.tenant();
    }

    private static Signer tokenKey(SharedInstance shared) {
        try {
            Sealer sealer = InstanceAccess.sealer(shared.instance.data());
            return new SigningKeys(shared.inside.database(), sealer).signer(shared.inside.instanceId() + "/token");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is wrong with each, and the token. All of organisation A's administrator, or of B's by forgery. */
    static Map<String, Expected> of(SharedInstance shared) {
        return new ForgedTokens(shared).make();
    }

    private Map<String, Expected> make() {
        long now = Instant.now().getEpochSecond();
        // Edited, with the signature that was there.
        forged("tenant edited", unsigned(header, claims().put("tenant", otherTenant)) + "." + signature);
        forged(
                "subject edited",
                unsigned(header, claims().put("sub", UUID.randomUUID().toString())) + "." + signature);
        forged("signature cut off", unsigned(header, claims) + ".");
        forged("no signature part", unsigned(header, claims));
        forged("signature of another", unsigned(header, claims) + "." + SigningKey.base64(foreign.sign(new byte[0])));
        // Another algorithm.
        for (String none : new String[] {"none", "None", "NONE"}) {
            forged("alg " + none, unsigned(header().put("alg", none), claims().put("tenant", otherTenant)) + ".");
        }
        forged("HS256 keyed with the raw public key", hs256(own.verifierKey().publicKey()));
        forged(
                "HS256 keyed with the X.509 public key",
                hs256(x509(own.verifierKey().publicKey())));
        forged("alg ES256", SigningKey.jwt(header().put("alg", "ES256"), claims(), own::sign));
        // Another key.
        forged("another instance's key", SigningKey.jwt(header(), claims(), foreign::sign));
        forged(
                "another instance's token",
                SigningKey.jwt(
                        header().put("kid", "deadbeef"),
                        claims().put("iss", "http://127.0.0.1:1").put("aud", "http://127.0.0.1:1"),
                        foreign::sign));
        forged("brings its own key", SigningKey.jwt(header().put("jwk", jwk()), claims(), foreign::sign));
        forged("names another key", SigningKey.jwt(header().put("kid", "deadbeef"), claims(), own::sign));
        forged("names no key", SigningKey.jwt(without(header(), "kid"), claims(), own::sign));
        // The instance's own key: only one thing is wrong.
        forged(
                "expired",
                SigningKey.jwt(header(), claims().put("iat", now - 700).put("exp", now - 100), own::sign),
                EXPIRED);
        forged("wrong issuer", own(claims().put("iss", "http://127.0.0.1:1")));
        forged("no issuer", own(without(claims(), "iss")));
        forged("wrong audience", own(claims().put("aud", "http://127.0.0.1:1")));
        forged("no audience", own(without(claims(), "aud")));
        forged("no expiry", own(without(claims(), "exp")));
        forged("no tenant", own(without(claims(), "tenant")));
        forged("tenant of another type", own(claims().put("tenant", 5)));
        forged("no subject", own(without(claims(), "sub")));
        forged("a type that there is not", own(claims().put("principal_type", "root")));
        forged("another type of JWT", SigningKey.jwt(header().put("typ", "JWT"), claims(), own::sign));
        forged(
                "critical header",
                SigningKey.jwt(
                        header().put("crit", new io.vertx.core.json.JsonArray().add("x"))
                                .put("x", 1),
                        claims(),
                        own::sign));
        // No token at all.
        forged("text", "not-a-token");
        forged("dots", "..");
        forged("very long", "a".repeat(6_000));
        return forged;
    }

    private void forged(String what, String token) {
        forged(what, token, INVALID);
    }

    private void forged(String what, String token, String code) {
        // Two dots are in many an innocent line.
        forged.put(what, new Expected(token.length() < 8 ? token : SharedInstance.secret(token), code));
    }

    private String own(JsonObject claims) {
        return SigningKey.jwt(header(), claims, own::sign);
    }

    private JsonObject header() {
        return header.copy();
    }

    private JsonObject claims() {
        return claims.copy();
    }

    private static JsonObject without(JsonObject object, String name) {
        object.remove(name);
        return object;
    }

    private JsonObject jwk() {
        return new JsonObject()
                .put("kty", "OKP")
                .put("crv", "Ed25519")
                .put("x", SigningKey.base64(Base64.getDecoder().decode(foreign.publicKey())));
    }

    private String hs256(byte[] secret) {
        return SigningKey.jwt(header().put("alg", "HS256"), claims(), message -> {
            try {
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(secret, "HmacSHA256"));
                return mac.doFinal(message);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static byte[] x509(byte[] raw) {
        byte[] encoded = java.util.Arrays.copyOf(X509_OF_ED25519, X509_OF_ED25519.length + raw.length);
        System.arraycopy(raw, 0, encoded, X509_OF_ED25519.length, raw.length);
        return encoded;
    }

    private static String unsigned(JsonObject header, JsonObject claims) {
        return SigningKey.base64(header.encode().getBytes(UTF_8)) + "."
                + SigningKey.base64(claims.encode().getBytes(UTF_8));
    }

    private static JsonObject decode(String part) {
        return new JsonObject(new String(Base64.getUrlDecoder().decode(part), US_ASCII));
    }
}
