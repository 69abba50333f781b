package dev.chancery.identity;

import com.google.protobuf.ByteString;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;

/** A program with a key of its own, that signs assertions. */
final class Client {
    static final String ISSUER = "http://127.0.0.1:8080";

    private final KeyPair keys;
    private final String signature;
    private final int keyBytes;

    Client() {
        this("Ed25519", "Ed25519", 32);
    }

    private Client(String curve, String signature, int keyBytes) {
        this.signature = signature;
        this.keyBytes = keyBytes;
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(curve);
            if (curve.equals("EC")) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            }
            keys = generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** With a key of P-256. */
    static Client es256() {
        return new Client("EC", "SHA256withECDSAinP1363Format", 65);
    }

    /** The raw public key: the last bytes of its DER form (RFC 8410, RFC 5480). */
    ByteString publicKey() {
        byte[] der = keys.getPublic().getEncoded();
        return ByteString.copyFrom(Arrays.copyOfRange(der, der.length - keyBytes, der.length));
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
            var signing = Signature.getInstance(signature);
            signing.initSign(keys.getPrivate());
            signing.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + base64(signing.sign());
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
