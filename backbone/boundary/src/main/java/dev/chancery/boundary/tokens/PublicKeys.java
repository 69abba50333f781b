package dev.chancery.boundary.tokens;

import dev.chancery.keyring.Ed25519Verifier;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.EllipticCurve;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;

/**
 * Public keys as principals register them: 32 bytes are a raw Ed25519 key (RFC 8032), {@value #P256_BYTES} bytes an uncompressed point
 * of P-256 (SEC 1: 4, x, y).
 */
public final class PublicKeys {
    private static final int P256_BYTES = 65;
    private static final int COORDINATE_BYTES = 32;
    private static final byte UNCOMPRESSED = 4;
    private static final ECParameterSpec P256 = p256();

    private PublicKeys() {}

    /** Whether signatures can be checked with these bytes: a point of the curve, and not one that anybody can sign for. */
    public static boolean isUsable(byte[] raw) {
        return raw.length == P256_BYTES ? isOnP256(raw) : Ed25519Verifier.isPublicKey(raw);
    }

    /** @throws IllegalArgumentException for what is no key */
    public static PublicKey of(byte[] raw) {
        try {
            return raw.length == P256_BYTES ? p256(raw) : ed25519(raw);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a public key", e);
        }
    }

    private static PublicKey p256(byte[] raw) throws GeneralSecurityException {
        if (!isOnP256(raw)) {
            throw new IllegalArgumentException("not a point of P-256");
        }
        return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(new ECPoint(x(raw), y(raw)), P256));
    }

    /** P-256 has no small subgroups: each of its points but infinity, which has no uncompressed form, is a key. */
    private static boolean isOnP256(byte[] raw) {
        EllipticCurve curve = P256.getCurve();
        BigInteger prime = ((ECFieldFp) curve.getField()).getP();
        BigInteger x = x(raw);
        BigInteger y = y(raw);
        BigInteger right = x.pow(3).add(curve.getA().multiply(x)).add(curve.getB());
        return raw[0] == UNCOMPRESSED
                && x.compareTo(prime) < 0
                && y.compareTo(prime) < 0
                && y.pow(2).subtract(right).mod(prime).signum() == 0;
    }

    private static BigInteger x(byte[] raw) {
        return new BigInteger(1, Arrays.copyOfRange(raw, 1, 1 + COORDINATE_BYTES));
    }

    private static BigInteger y(byte[] raw) {
        return new BigInteger(1, Arrays.copyOfRange(raw, 1 + COORDINATE_BYTES, P256_BYTES));
    }

    /** Little endian y, the sign of x in the last bit. */
    private static PublicKey ed25519(byte[] raw) throws GeneralSecurityException {
        if (raw.length != Ed25519Verifier.PUBLIC_KEY_BYTES) {
            throw new IllegalArgumentException("not a public key");
        }
        byte[] bigEndian = new byte[raw.length];
        for (int i = 0; i < raw.length; i++) {
            bigEndian[i] = raw[raw.length - 1 - i];
        }
        boolean xOdd = (bigEndian[0] & 0x80) != 0;
        bigEndian[0] &= 0x7f;
        return KeyFactory.getInstance("Ed25519")
                .generatePublic(new EdECPublicKeySpec(
                        NamedParameterSpec.ED25519, new EdECPoint(xOdd, new BigInteger(1, bigEndian))));
    }

    private static ECParameterSpec p256() {
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
            parameters.init(new ECGenParameterSpec("secp256r1"));
            return parameters.getParameterSpec(ECParameterSpec.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has P-256", e);
        }
    }
}
