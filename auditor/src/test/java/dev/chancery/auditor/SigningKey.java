package dev.chancery.auditor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Base64;
import java.util.HexFormat;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/** Signs by the JDK's Ed25519, not by the implementation that the auditor verifies with, unless it has to be fast. */
final class SigningKey {
    final String name;
    private final byte[] seed = new byte[32];
    private final byte[] publicKey = new byte[32];
    private final PrivateKey privateKey;
    private final boolean fast;

    SigningKey(String name, boolean fast) {
        this.name = name;
        this.fast = fast;
        new SecureRandom().nextBytes(seed);
        Ed25519.generatePublicKey(seed, 0, publicKey, 0);
        try {
            privateKey = KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    byte[] publicKey() {
        return publicKey.clone();
    }

    int id() {
        return ByteBuffer.wrap(sha256(name.getBytes(StandardCharsets.UTF_8), new byte[] {'\n', 1}, publicKey))
                .getInt();
    }

    String vkey() {
        byte[] typed = ByteBuffer.allocate(33).put((byte) 1).put(publicKey).array();
        return name + "+" + HexFormat.of().toHexDigits(id()) + "+"
                + Base64.getEncoder().encodeToString(typed);
    }

    byte[] sign(byte[] message) {
        try {
            if (fast) {
                byte[] signature = new byte[64];
                Ed25519.sign(seed, 0, publicKey, 0, message, 0, message.length, signature, 0);
                return signature;
            }
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(privateKey);
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
