package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class PaddingTest {
    @Property
    void everyLengthComesBack(@ForAll @Size(max = 200) byte[] value) {
        byte[] padded = Padding.pad(value);

        assertThat(padded.length % Padding.BLOCK_BYTES).isZero();
        assertThat(padded.length).isBetween(value.length + 1, value.length + Padding.BLOCK_BYTES);
        assertThat(Padding.unpad(padded)).isEqualTo(value);
    }

    @Property
    void onlyWhatPadWritesIsAccepted(@ForAll @Size(max = 100) byte[] bytes) {
        byte[] value;
        try {
            value = Padding.unpad(bytes);
        } catch (SealBroken e) {
            return;
        }
        assertThat(Padding.pad(value)).isEqualTo(bytes);
    }

    @Example
    void aWholeBlockOfZerosAfterTheMarkIsRefused() {
        byte[] twoBlocks = new byte[2 * Padding.BLOCK_BYTES];
        twoBlocks[Padding.BLOCK_BYTES - 1] = (byte) 0x80;

        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> Padding.unpad(twoBlocks));
    }
}
