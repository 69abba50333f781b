package dev.chancery.cli.client;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.EdECPublicKey;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a client signs in with: its id and an Ed25519 key. As text it is a JSON Web Key (RFC 8037) whose {@code kid} is the client id.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class ClientKey {
    private static final String CURVE = "Ed25519";
    private static final int KEY_BYTES = 32;

    private final String clientId;
    private final byte[] seed;
    private final byte[] publicKey;
    private final PrivateKey privateKey;

    private ClientKey(String clientId, byte[] seed, byte[] publicKey) throws GeneralSecurityException {
        this.clientId = clientId;
        this.seed = seed;
        this.publicKey = publicKey;
        this.privateKey =
                KeyFactory.getInstance(CURVE).generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
    }

    /** A new key. */
    public static ClientKey generate(String clientId) {
        try {
            KeyPair pair = KeyPairGenerator.getInstance(CURVE).generateKeyPair();
            byte[] seed = ((EdECPrivateKey) pair.getPrivate())
                    .getBytes()
                    .orElseThrow(() -> new IllegalStateException("the JDK's own keys can be read"));
            return new ClientKey(clientId, seed, raw((EdECPublicKey) pair.getPublic()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK 25 has Ed25519", e);
        }
    }

    /**
     * Reads a key from its JWK.
     *
     * @throws IllegalArgumentException if it is not a private Ed25519 JWK with a {@code kid}, or its two halves don't fit
     */
    public static ClientKey parse(String jwk) {
        Map<String, Object> members = Json.object(jwk);
        if (!Json.text(members, "kty").equals("OKP")
                || !Json.text(members, "crv").equals(CURVE)) {
            throw new IllegalArgumentException("not an Ed25519 key (kty OKP, crv Ed25519)");
        }
        String clientId = Json.text(members, "kid");
        if (clientId.isEmpty()) {
            throw new IllegalArgumentException("the key has no kid, which is the client id");
        }
        try {
            ClientKey key = new ClientKey(clientId, bytes(members, "d"), bytes(members, "x"));
            if (!key.isWhole()) {
                throw new IllegalArgumentException("the key's public half does not belong to its private half");
            }
            return key;
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the key's bytes are no Ed25519 key", e);
        }
    }

    private static byte[] bytes(Map<String, Object> members, String name) {
        byte[] bytes = Base64.getUrlDecoder().decode(Json.text(members, name));
        if (bytes.length != KEY_BYTES) {
            throw new IllegalArgumentException("the key's " + name + " is not 32 bytes");
        }
        return bytes;
    }

    private boolean isWhole() throws GeneralSecurityException {
        byte[] probe = clientId.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        Signature verifier = Signature.getInstance(CURVE);
        verifier.initVerify(publicKey(publicKey));
        verifier.update(probe);
        return verifier.verify(sign(probe));
    }

    /** The same key under another id. */
    public ClientKey withClientId(String id) {
        try {
            return new ClientKey(id, seed, publicKey);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("it was a key before", e);
        }
    }

    public String clientId() {
        return clientId;
    }

    /** The raw public key (RFC 8032), 32 bytes. */
    public byte[] publicKey() {
        return publicKey.clone();
    }

    /** Ed25519 over the message, 64 bytes. */
    public byte[] sign(byte[] message) {
        try {
            Signature signature = Signature.getInstance(CURVE);
            signature.initSign(privateKey);
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a good key signs", e);
        }
    }

    /** The private key as a JWK. Whoever reads it can sign in. */
    public String jwk() {
        var base64 = Base64.getUrlEncoder().withoutPadding();
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("kty", "OKP");
        members.put("crv", CURVE);
        members.put("kid", clientId);
        members.put("x", base64.encodeToString(publicKey));
        members.put("d", base64.encodeToString(seed));
        return Json.write(members) + "\n";
    }

    /** RFC 8032: y little endian, the sign of x in the last bit. */
    private static byte[] raw(EdECPublicKey key) {
        byte[] y = key.getPoint().getY().toByteArray();
        byte[] raw = new byte[KEY_BYTES];
        for (int i = 0; i < y.length && i < KEY_BYTES; i++) {
            raw[i] = y[y.length - 1 - i];
        }
        if (key.getPoint().isXOdd()) {
            raw[KEY_BYTES - 1] |= (byte) 0x80;
        }
        return raw;
    }

    static PublicKey publicKey(byte[] raw) throws GeneralSecurityException {
        byte[] y = new byte[KEY_BYTES];
        for (int i = 0; i < KEY_BYTES; i++) {
            y[i] = raw[KEY_BYTES - 1 - i];
        }
        boolean xOdd = (y[0] & 0x80) != 0;
        y[0] &= 0x7f;
        return KeyFactory.getInstance(CURVE)
                .generatePublic(
                        new EdECPublicKeySpec(NamedParameterSpec.ED25519, new EdECPoint(xOdd, new BigInteger(1, y))));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClientKey key && clientId.equals(key.clientId) && Arrays.equals(seed, key.seed);
    }

    @Override
    public int hashCode() {
        return clientId.hashCode() * 31 + Arrays.hashCode(publicKey);
    }

    /** The id only: a key does not end up in a log by accident. */
    @Override
    public String toString() {
        return "ClientKey[" + clientId + "]";
    }
}
