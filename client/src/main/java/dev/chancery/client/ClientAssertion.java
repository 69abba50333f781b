package dev.chancery.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;

/** A client's signed statement that it is who it says (RFC 7523, {@code private_key_jwt}): a JWT, EdDSA, good once and for a minute. */
final class ClientAssertion {
    private static final Duration LIFETIME = Duration.ofMinutes(1);

    private ClientAssertion() {}

    /** @param issuer the instance's, whose text needs no escape in JSON, as the client id's doesn't */
    static String sign(String clientId, PrivateKey key, String issuer, Instant now) {
        String header = "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"" + clientId + "\"}";
        String claims =
                "{\"iss\":\"" + clientId + "\",\"sub\":\"" + clientId + "\",\"aud\":\"" + issuer + "\",\"jti\":\""
                        + UUID.randomUUID() + "\",\"iat\":" + now.getEpochSecond() + ",\"exp\":"
                        + now.plus(LIFETIME).getEpochSecond() + "}";
        String signed = base64(header.getBytes(UTF_8)) + "." + base64(claims.getBytes(UTF_8));
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(key);
            signature.update(signed.getBytes(US_ASCII));
            return signed + "." + base64(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the client's key is no Ed25519 private key", e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
