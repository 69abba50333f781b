package dev.chancery.keyring.age;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AgeTest {
    /** Written by age-keygen 1.1.1, for this test. */
    private static final String FILE = """
            # created: 2026-11-29T21:08:11Z
            # public key: age147pl5hp4ktpuu4kmq57wvhw6n0kv5j3xs9kakfvt0y28apt7myks47cs0a
            AGE-SECRET-KEY-1KVVMQ7UK9KSGCXQ9S2LYKZXTRKC3LE564ZFTKLMA75LGHXJW30GS2JJS2M
            """;

    /** Written by age 1.1.1 to that key. */
    private static final String WRITTEN_BY_AGE =
            "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBZOWw1YVo2S3lQa3RNZDBCTXErWGhvY0xSSExCMmxjTVpBckpmRjM4R0JBCmsxOGRaNVpla1o2OHpKOFZEYnhLNjVIMW5HVWRIMWw2YUpBM2JCZGtQc3MKLS0tIExWT3F4VGNVYUJhV2xxckdjSVVweVVyTFJ4Mis2eWw4NzJKR3NuYVQrUUkKIJzPBLzU2HhNIXTfb2DRSotYdMxVioxHeTd6VTfxP+QNWrE1ar33oJT3N5GsqC/8VIzAmpU=";

    private static final int CHUNK = AgeKeys.CHUNK_BYTES;
    private final AgeIdentity identity = AgeIdentity.generate();

    private byte[] encrypted(byte[] text, AgeRecipient... to) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var age = new AgeOutput(out, List.of(to))) {
            age.write(text);
        }
        return out.toByteArray();
    }

    private static byte[] decrypted(byte[] file, AgeIdentity by) throws IOException {
        try (var age = new AgeInput(new ByteArrayInputStream(file), by)) {
            return age.readAllBytes();
        }
    }

    @Test
    void whatAgeItselfWroteIsRead() throws IOException {
        AgeIdentity theirs = AgeIdentity.of(FILE);
        assertThat(theirs.recipient().text())
                .isEqualTo("age147pl5hp4ktpuu4kmq57wvhw6n0kv5j3xs9kakfvt0y28apt7myks47cs0a");
        assertThat(decrypted(Base64.getDecoder().decode(WRITTEN_BY_AGE), theirs))
                .isEqualTo("written by age 1.1.1\n".getBytes(UTF_8));
    }

    @Test
    void keysAreWrittenAsTheyAreRead() {
        AgeIdentity again = AgeIdentity.of(identity.file());
        assertThat(again.recipient().text()).isEqualTo(identity.recipient().text());
        assertThat(AgeRecipient.of(identity.recipient().text()).publicKey())
                .isEqualTo(identity.recipient().publicKey());
        assertThatThrownBy(() -> AgeRecipient.of("age1" + "q".repeat(58)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("age-keygen");
        assertThatThrownBy(() -> AgeIdentity.of("nothing")).isInstanceOf(IllegalArgumentException.class);
        assertThat(identity.toString()).doesNotContain("SECRET");
    }

    @Property(tries = 40)
    void everyLengthComesBack(@ForAll @IntRange(max = 3 * CHUNK) int length) throws IOException {
        for (int each : new int[] {length, 0, CHUNK, 2 * CHUNK}) {
            byte[] text = new byte[each];
            new Random(each).nextBytes(text);
            assertThat(decrypted(encrypted(text, identity.recipient()), identity))
                    .isEqualTo(text);
        }
    }

    @Test
    void eachRecipientOpensItAndNobodyElse() throws IOException {
        AgeIdentity other = AgeIdentity.generate();
        byte[] file = encrypted("text".getBytes(UTF_8), identity.recipient(), other.recipient());
        assertThat(decrypted(file, identity)).asString(UTF_8).isEqualTo("text");
        assertThat(decrypted(file, other)).asString(UTF_8).isEqualTo("text");
        assertThatThrownBy(() -> decrypted(file, AgeIdentity.generate()))
                .isInstanceOf(NotAge.class)
                .hasMessageContaining("another key");
    }

    /** At the border of chunks too, where a prefix has whole chunks, each of them genuine. */
    @Test
    void whatWasCutShortIsRefused() throws IOException {
        byte[] file = encrypted(new byte[2 * CHUNK + 10], identity.recipient());
        int header = new String(file, US_ASCII).indexOf("\n--- ") + 5 + 43 + 1 + AgeKeys.PAYLOAD_NONCE_BYTES;
        int chunk = CHUNK + AgeKeys.TAG_BYTES;
        for (int length : new int[] {
            0,
            10,
            header - 1,
            header,
            header + 1,
            header + chunk,
            header + 2 * chunk,
            header + 2 * chunk + 16,
            file.length - 1
        }) {
            assertThatThrownBy(() -> decrypted(Arrays.copyOf(file, length), identity))
                    .as("%d of %d bytes", length, file.length)
                    .isInstanceOf(NotAge.class);
        }
    }

    @Property(tries = 60)
    void anyChangedBitIsFound(@ForAll @IntRange(max = 10_000) int at, @ForAll @IntRange(max = 7) int bit)
            throws IOException {
        byte[] file = encrypted(new byte[100], identity.recipient());
        file[at % file.length] ^= (byte) (1 << bit);
        assertThatThrownBy(() -> decrypted(file, identity)).isInstanceOf(NotAge.class);
    }
}
