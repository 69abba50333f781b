package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class CommittingAeadTest {
    private static final SecretBytes KEY = SecretBytes.random();

    @Property
    void whatIsSealedOpens(@ForAll @Size(max = 300) byte[] context, @ForAll @Size(max = 300) byte[] plaintext) {
        byte[] sealed = CommittingAead.seal(KEY, context, plaintext);

        assertThat(sealed).hasSize(plaintext.length + CommittingAead.OVERHEAD_BYTES);
        assertThat(CommittingAead.open(KEY, context, sealed)).isEqualTo(plaintext);
    }

    @Property
    void oneAlteredBitAnywhereDoesNotOpen(
            @ForAll @Size(max = 100) byte[] plaintext,
            @ForAll @IntRange(min = 0) int where,
            @ForAll @IntRange(max = 7) int bit) {
        byte[] sealed = CommittingAead.seal(KEY, new byte[] {1}, plaintext);
        sealed[where % sealed.length] ^= (byte) (1 << bit);

        assertBroken(KEY, new byte[] {1}, sealed);
    }

    @Property(tries = 200)
    void aTruncatedOrExtendedValueDoesNotOpen(@ForAll @IntRange(max = 200) int length) {
        byte[] sealed = CommittingAead.seal(KEY, new byte[0], new byte[32]);
        if (length != sealed.length) {
            assertBroken(KEY, new byte[0], Arrays.copyOf(sealed, length));
        }
    }

    @Property
    void anotherContextDoesNotOpen(@ForAll @Size(max = 50) byte[] one, @ForAll @Size(max = 50) byte[] other) {
        if (!Arrays.equals(one, other)) {
            assertBroken(KEY, other, CommittingAead.seal(KEY, one, new byte[] {7}));
        }
    }

    @Example
    void anotherKeyDoesNotOpen() {
        assertBroken(SecretBytes.random(), new byte[0], CommittingAead.seal(KEY, new byte[0], new byte[] {7}));
    }

    @Example
    void sealingTwiceGivesUnrelatedBytes() {
        byte[] one = CommittingAead.seal(KEY, new byte[0], new byte[64]);
        byte[] two = CommittingAead.seal(KEY, new byte[0], new byte[64]);

        assertThat(Arrays.copyOf(one, CommittingAead.NONCE_BYTES))
                .isNotEqualTo(Arrays.copyOf(two, CommittingAead.NONCE_BYTES));
        assertThat(Arrays.copyOfRange(one, CommittingAead.NONCE_BYTES, one.length))
                .isNotEqualTo(Arrays.copyOfRange(two, CommittingAead.NONCE_BYTES, two.length));
    }

    private static void assertBroken(SecretBytes key, byte[] context, byte[] sealed) {
        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> CommittingAead.open(key, context, sealed));
    }
}
