package dev.chancery.dsar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import org.jose4j.jwe.JsonWebEncryption;
import org.junit.jupiter.api.Test;

class SubjectKeyTest {
    private static final KeyPair PAIR = pair();

    private static KeyPair pair() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    static byte[] point() {
        byte[] encoded = PAIR.getPublic().getEncoded();
        return Arrays.copyOfRange(encoded, encoded.length - 65, encoded.length);
    }

    @Test
    void onlyTheSubjectsKeyOpensWhatIsEncryptedToIt() throws Exception {
        String jwe = SubjectKey.encrypt(point(), "{\"a\":\"ü\"}".getBytes(UTF_8));

        var opened = new JsonWebEncryption();
        opened.setCompactSerialization(jwe);
        opened.setKey(PAIR.getPrivate());
        assertThat(opened.getPayload()).isEqualTo("{\"a\":\"ü\"}");
        assertThat(opened.getAlgorithmHeaderValue()).isEqualTo("ECDH-ES");
        assertThat(opened.getEncryptionMethodHeaderParameter()).isEqualTo("A256GCM");
    }

    @Test
    void whatIsNoPointOfTheCurveIsNoKey() {
        byte[] moved = point();
        moved[64] ^= 1;
        byte[] compressed = point();
        compressed[0] = 2;

        assertThat(SubjectKey.isPoint(point())).isTrue();
        assertThat(SubjectKey.isPoint(moved)).isFalse();
        assertThat(SubjectKey.isPoint(compressed)).isFalse();
        assertThat(SubjectKey.isPoint(new byte[65])).isFalse();
        assertThat(SubjectKey.isPoint(new byte[0])).isFalse();
    }
}
