package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignaturesTest {
    private static final HexFormat HEX = HexFormat.of();
    private static final String TEXT = """
            If you think cryptography is the answer to your problem,
            then you don't know what your problem is.
            """;

    /** RFC 8032, section 7.1, tests 1 to 3: secret, public, message, signature. */
    @ParameterizedTest
    @CsvSource({
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,"
                + " d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a, '',"
                + " e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb,"
                + " 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c, 72,"
                + " 92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7,"
                + " fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025, af82,"
                + " 6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a",
    })
    void signsAndVerifiesAsInRfc8032(String secret, String publicKey, String message, String signature) {
        byte[] key = HEX.parseHex(publicKey);
        byte[] data = HEX.parseHex(message);
        var signer = new Signer("example.com/key", SecretBytes.owning(HEX.parseHex(secret)), key);

        assertThat(signer.sign(data)).asHexString().isEqualToIgnoringCase(signature);
        assertThat(Ed25519Verifier.verify(key, data, HEX.parseHex(signature))).isTrue();
        assertThat(Ed25519Verifier.verify(key, new byte[] {1}, HEX.parseHex(signature)))
                .isFalse();
    }

    @Test
    void signsAPartOfABuffer() {
        Signer signer = neumann();

        assertThat(signer.sign(new byte[] {9, 1, 2, 3, 9}, 1, 3)).isEqualTo(signer.sign(new byte[] {1, 2, 3}));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> signer.sign(new byte[3], 1, 3));
    }

    @Test
    void everyAlteredBitOfASignatureIsRefused() {
        byte[] publicKey = neumann().verifierKey().publicKey();
        byte[] signature = neumann().sign(new byte[] {1});
        for (int bit = 0; bit < 8 * signature.length; bit++) {
            byte[] altered = signature.clone();
            altered[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(Ed25519Verifier.verify(publicKey, new byte[] {1}, altered))
                    .isFalse();
        }
    }

    @Test
    void aSecondSignatureMadeFromTheFirstIsRefused() {
        // S + L verifies where S is not checked against the group order (RFC 8032, section 5.1.7).
        byte[] signature = neumann().sign(new byte[] {1});
        BigInteger order = BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
        BigInteger s = new BigInteger(1, reversed(Arrays.copyOfRange(signature, 32, 64)));
        byte[] shifted = reversed(s.add(order).toByteArray());
        System.arraycopy(Arrays.copyOf(shifted, 32), 0, signature, 32, 32);

        assertThat(Ed25519Verifier.verify(neumann().verifierKey().publicKey(), new byte[] {1}, signature))
                .isFalse();
    }

    @Test
    void whatIsNoKeyOrNoSignatureIsRefused() {
        byte[] signature = neumann().sign(new byte[0]);
        byte[] publicKey = neumann().verifierKey().publicKey();

        assertThat(Ed25519Verifier.verify(Arrays.copyOf(publicKey, 31), new byte[0], signature))
                .isFalse();
        assertThat(Ed25519Verifier.verify(publicKey, new byte[0], Arrays.copyOf(signature, 63)))
                .isFalse();
        assertThat(Ed25519Verifier.verify(publicKey, new byte[0], Arrays.copyOf(signature, 65)))
                .isFalse();
        byte[] noPoint = new byte[32];
        Arrays.fill(noPoint, (byte) 0xff);
        assertThat(Ed25519Verifier.verify(noPoint, new byte[0], signature)).isFalse();
    }

    @Test
    void aPublicKeyThatIsNotThePrivateKeysIsRefused() {
        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> new Signer(
                        "a/b", SecretBytes.random(), neumann().verifierKey().publicKey()));
    }

    /** The example of golang.org/x/mod/sumdb/note, which C2SP signed-note describes. */
    @Test
    void verifierKeyAndNoteAreThoseOfTheReferenceImplementation() {
        Signer signer = neumann();

        assertThat(signer.verifierKey().vkey())
                .isEqualTo("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        assertThat(signer.signNote(TEXT))
                .isEqualTo(
                        TEXT
                                + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no newline", "a\r\n", "a\tb\n", "\u0000\n", "half a pair \ud800\n"})
    void aTextThatNoNoteCanHoldIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> neumann().signNote(text));
    }

    @Test
    void aTextIsBounded() {
        assertThat(neumann().signNote("a".repeat(SignedNote.MAX_TEXT_BYTES - 1) + "\n"))
                .isNotEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> neumann().signNote("a".repeat(SignedNote.MAX_TEXT_BYTES) + "\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\nb", "a\u0085b"})
    void aKeyNameThatNoNoteCanHoldIsRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> VerifierKey.of(name, new byte[32]));
    }

    @Test
    void aVerifierKeyWithAnotherKeysIdIsRefused() {
        VerifierKey key = neumann().verifierKey();

        assertThat(new VerifierKey(key.name(), key.keyId(), key.publicKey())).isEqualTo(key);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new VerifierKey(key.name(), key.keyId() + 1, key.publicKey()));
        assertThatIllegalArgumentException().isThrownBy(() -> VerifierKey.of("a", new byte[31]));
    }

    @Test
    void aSignersTextFormShowsThePublicHalfAlone() {
        assertThat(neumann()).hasToString("Signer[" + neumann().verifierKey().vkey() + "]");
    }

    private static Signer neumann() {
        byte[] typed = Base64.getDecoder().decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
        SecretBytes secret = SecretBytes.owning(Arrays.copyOfRange(typed, 1, typed.length));
        return new Signer("PeterNeumann", secret, Signer.publicKeyOf(secret));
    }

    private static byte[] reversed(byte[] bytes) {
        byte[] reversed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            reversed[i] = bytes[bytes.length - 1 - i];
        }
        return reversed;
    }
}
