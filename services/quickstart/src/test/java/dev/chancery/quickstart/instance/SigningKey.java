package dev.chancery.quickstart.instance;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.JsonObject;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;

/** A client's Ed25519 key, and the JWTs that it signs. */
public record SigningKey(KeyPair pair) {
    private static final int RAW_BYTES = 32;

    public static SigningKey generate() {
        try {
            return new SigningKey(KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The raw public key (RFC 8032), with which its X.509 form ends, in base64. */
    public String publicKey() {
        byte[] encoded = pair.getPublic().getEncoded();
        return Base64.getEncoder()
                .encodeToString(Arrays.copyOfRange(encoded, encoded.length - RAW_BYTES, encoded.length));
    }

    /** Somebody's public key that can be encrypted to: an uncompressed point of P-256. */
    public static byte[] p256() {
        try {
            var generator = java.security.KeyPairGenerator.getInstance("EC");
            generator.initialize(new java.security.spec.ECGenParameterSpec("secp256r1"));
            byte[] encoded = generator.generateKeyPair().getPublic().getEncoded();
            return java.util.Arrays.copyOfRange(encoded, encoded.length - 65, encoded.length);
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** As the command line keeps it: a JWK (RFC 8037) whose {@code kid} is the client's id. */
    public String jwk(String clientId) {
        var base64 = Base64.getUrlEncoder().withoutPadding();
        byte[] seed = pair.getPrivate().getEncoded();
        return new JsonObject()
                .put("kty", "OKP")
                .put("crv", "Ed25519")
                .put("kid", clientId)
                .put("x", base64.encodeToString(Base64.getDecoder().decode(publicKey())))
                .put("d", base64.encodeToString(Arrays.copyOfRange(seed, seed.length - RAW_BYTES, seed.length)))
                .encode();
    }

    public byte[] sign(byte[] message) {
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(pair.getPrivate());
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** How something signs. */
    @FunctionalInterface
    public interface Signing {
        byte[] sign(byte[] message);
    }

    public static String jwt(JsonObject header, JsonObject claims, Signing signing) {
        String signed = base64(header.encode().getBytes(UTF_8)) + "."
                + base64(claims.encode().getBytes(UTF_8));
        return signed + "." + base64(signing.sign(signed.getBytes(US_ASCII)));
    }

    public static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
