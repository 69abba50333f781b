package dev.chancery.cli.client;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** A client's signed statement that it is who it says (RFC 7523, {@code private_key_jwt}): a JWT, EdDSA, good once and for a minute. */
public final class Assertion {
    /** Less than the five minutes that an instance accepts: it is used at once. */
    static final Duration LIFETIME = Duration.ofMinutes(1);

    private Assertion() {}

    /**
     * Signs a new one.
     *
     * @param audience the instance's issuer, its base URL
     * @param now when it is signed
     */
    public static String sign(ClientKey key, String audience, Instant now) {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("alg", "EdDSA");
        header.put("typ", "JWT");
        header.put("kid", key.clientId());
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("iss", key.clientId());
        claims.put("sub", key.clientId());
        claims.put("aud", audience);
        claims.put("jti", UUID.randomUUID().toString());
        claims.put("iat", now.getEpochSecond());
        claims.put("exp", now.plus(LIFETIME).getEpochSecond());
        String signed = encode(Json.write(header)) + "." + encode(Json.write(claims));
        return signed + "." + encode(key.sign(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    private static String encode(String json) {
        return encode(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
