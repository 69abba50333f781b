package dev.chancery.dsar;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EllipticCurve;
import java.util.Arrays;
import org.jose4j.jwe.ContentEncryptionAlgorithmIdentifiers;
import org.jose4j.jwe.JsonWebEncryption;
import org.jose4j.jwe.KeyManagementAlgorithmIdentifiers;
import org.jose4j.keys.EllipticCurves;
import org.jose4j.lang.JoseException;

/** The key of a subject that what is exported is encrypted to: an uncompressed point of P-256, 0x04 and two coordinates of 32 bytes. */
final class SubjectKey {
    private static final int BYTES = 65;
    private static final ECParameterSpec P256 = EllipticCurves.P256;

    private SubjectKey() {}

    /** Whether it is a point of the curve: a key that is none would tell its maker about ours. */
    static boolean isPoint(byte[] bytes) {
        if (bytes.length != BYTES || bytes[0] != 4) {
            return false;
        }
        EllipticCurve curve = P256.getCurve();
        BigInteger p = ((ECFieldFp) curve.getField()).getP();
        BigInteger x = x(bytes);
        BigInteger y = y(bytes);
        return x.compareTo(p) < 0
                && y.compareTo(p) < 0
                && y.multiply(y)
                                .subtract(x.multiply(x)
                                        .multiply(x)
                                        .add(curve.getA().multiply(x))
                                        .add(curve.getB()))
                                .mod(p)
                                .signum()
                        == 0;
    }

    /** A JWE in compact form (RFC 7516): ECDH-ES, A256GCM. */
    static String encrypt(byte[] key, byte[] json) {
        try {
            var jwe = new JsonWebEncryption();
            jwe.setAlgorithmHeaderValue(KeyManagementAlgorithmIdentifiers.ECDH_ES);
            jwe.setEncryptionMethodHeaderParameter(ContentEncryptionAlgorithmIdentifiers.AES_256_GCM);
            jwe.setContentTypeHeaderValue("application/json");
            jwe.setKey(key(key));
            jwe.setPayload(new String(json, UTF_8));
            return jwe.getCompactSerialization();
        } catch (JoseException | GeneralSecurityException e) {
            throw new IllegalStateException("what is exported could not be encrypted", e);
        }
    }

    private static ECPublicKey key(byte[] bytes) throws GeneralSecurityException {
        return (ECPublicKey)
                KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(new ECPoint(x(bytes), y(bytes)), P256));
    }

    private static BigInteger x(byte[] bytes) {
        return new BigInteger(1, Arrays.copyOfRange(bytes, 1, 33));
    }

    private static BigInteger y(byte[] bytes) {
        return new BigInteger(1, Arrays.copyOfRange(bytes, 33, BYTES));
    }
}
