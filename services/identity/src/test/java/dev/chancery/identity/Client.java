package dev.chancery.identity;

import com.google.protobuf.ByteString;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;

/** A program with a key of its own, that signs assertions. */
final class Client {
    static final String ISSUER = "http://127.0.0.1:8080";

    private final KeyPair keys;

    Client() {
        try {
            keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** The raw public key: the last 32 bytes of its DER form (RFC 8410). */
    ByteString publicKey() {
        byte[] der = keys.getPublic().getEncoded();
        return ByteString.copyFrom(Arrays.copyOfRange(der, der.length - 32, der.length));
    }

    static JsonObject header() {
        return new JsonObject().put("alg", "EdDSA").put("typ", "JWT");
    }

    static JsonObject claims(String clientId) {
        long now = Instant.now().getEpochSecond();
        return new JsonObject()
                .put("iss", clientId)
                .put("sub", clientId)
                .put("aud", ISSUER)
                .put("jti", UUID.randomUUID().toString())
                .put("iat", now)
                .put("exp", now + 60);
    }

    String assertion(String clientId) {
        return signed(header(), claims(clientId));
    }

    String signed(JsonObject header, JsonObject claims) {
        try {
            String signed = encoded(header) + "." + encoded(claims);
            var signature = Signature.getInstance("Ed25519");
            signature.initSign(keys.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + base64(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    static String encoded(JsonObject json) {
        return base64(json.encode().getBytes(StandardCharsets.UTF_8));
    }

    static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
