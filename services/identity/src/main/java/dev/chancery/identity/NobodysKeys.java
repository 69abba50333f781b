package dev.chancery.identity;

import com.google.protobuf.ByteString;
import dev.chancery.boundary.tokens.Jwt;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;

/**
 * Public keys as principals register them, whose private keys were thrown away. What names nobody is verified with them, to take as long as
 * what names somebody.
 */
final class NobodysKeys {
    private static final ByteString ED25519 = key("Ed25519", NamedParameterSpec.ED25519, 32);
    private static final ByteString P256 = key("EC", new ECGenParameterSpec("secp256r1"), 65);

    private NobodysKeys() {}

    /** One for the algorithm that a JWT says it is signed with. */
    static ByteString of(Jwt jwt) {
        return jwt.header("alg").filter("ES256"::equals).isPresent() ? P256 : ED25519;
    }

    /** The raw key: the last bytes of its DER form (RFC 8410, RFC 5480). */
    private static ByteString key(String algorithm, AlgorithmParameterSpec curve, int bytes) {
        try {
            var generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(curve);
            byte[] der = generator.generateKeyPair().getPublic().getEncoded();
            return ByteString.copyFrom(Arrays.copyOfRange(der, der.length - bytes, der.length));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + algorithm, e);
        }
    }
}
