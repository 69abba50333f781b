package dev.chancery.boundary.tokens;

import com.google.protobuf.ByteString;
import dev.chancery.schema.identity.v1.IssuerKey;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.EllipticCurveJsonWebKey;
import org.jose4j.jwk.OctetKeyPairJsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJsonWebKey;
import org.jose4j.lang.JoseException;

/**
 * An issuer's keys as its JWK set has them (RFC 7517). Taken is what a signature can be checked with and nothing else: a set that has a
 * secret in it, or a key that is weak or of another kind, is refused as a whole, so that nobody relies on a key that does not count.
 */
public final class IssuerKeys {
    private static final int MAX_KEYS = 16;
    private static final int ED25519_BYTES = 32;
    private static final Set<Integer> RSA_BITS = Set.of(2_048, 3_072, 4_096);
    private static final int MAX_ID_CHARS = 128;
    private static final Set<String> RSA = Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512");
    private static final Map<String, String> CURVES = Map.of("P-256", "ES256", "P-384", "ES384");
    private static final Set<String> PRIVATE = Set.of("d", "p", "q", "dp", "dq", "qi", "oth", "k");

    private IssuerKeys() {}

    /** The keys of a set; empty where it is none, or one of its keys can't be taken. */
    public static Optional<List<IssuerKey>> of(String jwks) {
        try {
            if (!(JsonUtil.parseJson(jwks).get("keys") instanceof List<?> members)
                    || members.isEmpty()
                    || members.size() > MAX_KEYS) {
                return Optional.empty();
            }
            List<IssuerKey> keys = new ArrayList<>();
            Set<String> ids = new HashSet<>();
            for (Object member : members) {
                IssuerKey key = key(member);
                // Two of one name would have to be tried one after the other.
                if (!ids.add(key.getKeyId())) {
                    return Optional.empty();
                }
                keys.add(key);
            }
            return Optional.of(keys);
        } catch (JoseException | GeneralSecurityException | RuntimeException e) {
            // The library says what is wrong by whatever it stumbled over.
            return Optional.empty();
        }
    }

    @SuppressWarnings("unchecked") // a JSON object's names are texts
    private static IssuerKey key(Object member) throws JoseException, GeneralSecurityException {
        var parameters = (Map<String, Object>) member;
        if (parameters.keySet().stream().anyMatch(PRIVATE::contains)
                || !parameters.getOrDefault("use", "sig").equals("sig")) {
            throw new IllegalArgumentException("not a public key for signatures");
        }
        PublicJsonWebKey jwk = PublicJsonWebKey.Factory.newPublicJwk(parameters);
        String id = jwk.getKeyId() == null ? "" : jwk.getKeyId();
        String algorithm = algorithm(jwk);
        boolean said = jwk.getAlgorithm() == null
                || jwk.getAlgorithm().equals(algorithm)
                || (algorithm.equals("EdDSA") && jwk.getAlgorithm().equals("Ed25519"));
        if (!said || id.length() > MAX_ID_CHARS || !id.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new IllegalArgumentException("not a key that counts here");
        }
        return IssuerKey.newBuilder()
                .setKeyId(id)
                .setAlgorithm(algorithm)
                .setPublicKey(ByteString.copyFrom(jwk.getPublicKey().getEncoded()))
                .build();
    }

    /** The one algorithm that a key is for. */
    private static String algorithm(PublicJsonWebKey jwk) throws GeneralSecurityException {
        return switch (jwk) {
            case OctetKeyPairJsonWebKey okp
            when okp.getSubtype().equals("Ed25519") && isUsable(okp.getPublicKey()) -> "EdDSA";
            case EllipticCurveJsonWebKey ec
            when CURVES.containsKey(ec.getCurveName()) && isOnCurve((ECPublicKey) ec.getPublicKey()) ->
                CURVES.get(ec.getCurveName());
            case RsaJsonWebKey rsa
            when isStrong((RSAPublicKey) rsa.getPublicKey()) ->
                rsa.getAlgorithm() != null && RSA.contains(rsa.getAlgorithm()) ? rsa.getAlgorithm() : "RS256";
            default -> throw new GeneralSecurityException("not a key that counts here");
        };
    }

    /** Not one of the few points that anybody can sign for. */
    private static boolean isUsable(PublicKey key) {
        byte[] encoded = key.getEncoded();
        return PublicKeys.isUsable(Arrays.copyOfRange(encoded, encoded.length - ED25519_BYTES, encoded.length));
    }

    private static boolean isStrong(RSAPublicKey key) {
        return RSA_BITS.contains(key.getModulus().bitLength())
                && key.getModulus().testBit(0)
                && key.getPublicExponent().equals(RSAKeyGenParameterSpec.F4);
    }

    private static boolean isOnCurve(ECPublicKey key) {
        var curve = key.getParams().getCurve();
        BigInteger prime = ((ECFieldFp) curve.getField()).getP();
        BigInteger x = key.getW().getAffineX();
        BigInteger y = key.getW().getAffineY();
        BigInteger right = x.pow(3).add(curve.getA().multiply(x)).add(curve.getB());
        return x.compareTo(prime) < 0
                && y.compareTo(prime) < 0
                && y.pow(2).subtract(right).mod(prime).signum() == 0;
    }

    /** The key again, from the log. */
    public static PublicKey read(IssuerKey key) {
        String kind =
                switch (key.getAlgorithm().substring(0, 2)) {
                    case "Ed" -> "Ed25519";
                    case "ES" -> "EC";
                    default -> "RSA";
                };
        try {
            return KeyFactory.getInstance(kind)
                    .generatePublic(new X509EncodedKeySpec(key.getPublicKey().toByteArray()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key in the log can't be read", e);
        }
    }
}
