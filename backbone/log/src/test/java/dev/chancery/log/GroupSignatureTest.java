package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.IDENTITY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.keyring.EntryVerifier;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Statement;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** One signature for a group: each entry is good by itself, and the group costs one signature check. */
final class GroupSignatureTest {
    private static final Signer SIGNER;
    private static final Signer ANOTHER;

    static {
        try (TestLog log = TestLog.fresh()) {
            SIGNER = log.signer(ACCESS);
            ANOTHER = log.signer(IDENTITY);
        }
    }

    @Property(tries = 60)
    void eachEntryOfAGroupIsVerifiedByItselfAndAllByOneCheck(
            @ForAll @IntRange(min = 1, max = EntryFrame.MAX_GROUP) int size) {
        List<Entry> group = group(size);
        var together = new EntryVerifier();
        Set<String> signatures = new HashSet<>();
        for (int i = 0; i < size; i++) {
            Entry entry = group.get(i);
            assertThat(entry.statement().getPosition()).isEqualTo(i);
            assertThat(Entry.of(entry.bytes()).frame())
                    .isEqualTo(new EntryFrame(entry.frame().statementBytes(), i, size));
            assertThat(new EntryVerifier().verify(entry.bytes(), SIGNER.verifierKey()))
                    .isTrue();
            assertThat(new EntryVerifier().verify(entry.bytes(), ANOTHER.verifierKey()))
                    .isFalse();
            assertThat(together.verify(entry.bytes(), SIGNER.verifierKey())).isTrue();
            signatures.add(HexFormat.of().formatHex(entry.frame().signature(entry.bytes())));
        }
        assertThat(signatures).hasSize(1);
        assertThat(together.signatureChecks()).isEqualTo(1);
    }

    @Property(tries = 40)
    void noByteCanBeChanged(
            @ForAll @IntRange(min = 2, max = EntryFrame.MAX_GROUP) int size,
            @ForAll @IntRange(max = EntryFrame.MAX_GROUP - 1) int which,
            @ForAll @IntRange(min = 1, max = 255) int change) {
        byte[] entry = group(size).get(which % size).bytes();
        var verifier = new EntryVerifier();
        assertThat(verifier.verify(entry, SIGNER.verifierKey())).isTrue();
        for (int at = 0; at < entry.length; at++) {
            byte[] changed = entry.clone();
            changed[at] ^= (byte) change;
            assertThat(verifier.verify(changed, SIGNER.verifierKey()))
                    .as("byte %d", at)
                    .isFalse();
        }
    }

    @Property(tries = 200)
    void thePathHasTheLengthOfTheRecursion(
            @ForAll @IntRange(min = 1, max = EntryFrame.MAX_GROUP) int size,
            @ForAll @IntRange(max = EntryFrame.MAX_GROUP - 1) int which) {
        int hashes = 0;
        for (int node = which % size, last = size - 1; last > 0; node /= 2, last /= 2) {
            hashes += node % 2 == 1 || node < last ? 1 : 0;
        }
        assertThat(EntryFrame.pathLength(which % size, size)).isEqualTo(hashes);
    }

    @Test
    void aGroupWithoutCompanyIsSchemeOne() {
        assertThat(group(1).getFirst().bytes()[0]).isEqualTo((byte) 1);
        assertThat(group(2).getFirst().bytes()[0]).isEqualTo((byte) 2);
    }

    @Test
    void theLongestStatementFitsTheLargestGroup() {
        assertThat(EntryFrame.bytes(EntryFrame.MAX_STATEMENT_BYTES, 0, EntryFrame.MAX_GROUP))
                .isEqualTo(EntryFrame.MAX_BYTES);
    }

    /**
     * A group of three, made by another program from docs/reference/formats.md alone: origin "a/b", positions 1 to 3, an empty intent, the
     * key of RFC 8032, section 7.1, test 1. The log keeps such bytes for ever; should this test fail, it is the code that is wrong.
     */
    private static final List<String> FORMAT = List.of(
            "020a03612f621001a201002fef3fd151ad02939287bcbc4dce7dd55c2efe5c5b6e42e638d53d6ae4524c278cbb5d8338"
                    + "2fcca67631e547b31664e99f7fac36734809cdff692a1a3af5d8960003b5cf54136eaf74f5ef519c56ee8d3cc5a3cd5c"
                    + "0698f454910741177401c72fc53dfb04db01029a1585f537c7c86c9dacef4025f01474519b911df97d565e9302",
            "020a03612f621002a20100ef729225bbdd83844b5b991e9ae541a076f809d26cce05dd893bd6120a04a04f8cbb5d8338"
                    + "2fcca67631e547b31664e99f7fac36734809cdff692a1a3af5d8960103b5cf54136eaf74f5ef519c56ee8d3cc5a3cd5c"
                    + "0698f454910741177401c72fc53dfb04db01029a1585f537c7c86c9dacef4025f01474519b911df97d565e9302",
            "020a03612f621003a201003d96cfb2f78cd7f48facc43e50d1c7a0a002dccf403af25f7d4e9a5116ce563f0203b5cf54"
                    + "136eaf74f5ef519c56ee8d3cc5a3cd5c0698f454910741177401c72fc53dfb04db01029a1585f537c7c86c9dacef4025"
                    + "f01474519b911df97d565e9302");

    private static final byte[] FORMAT_KEY =
            HexFormat.of().parseHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

    @Test
    void theBytesOfAGroupStayAsTheyAre() {
        List<byte[]> kept = FORMAT.stream().map(HexFormat.of()::parseHex).toList();
        List<Statement> statements =
                kept.stream().map(bytes -> Entry.of(bytes).statement()).toList();
        List<Entry> written = Entry.sign(statements, SIGNER);
        var source = VerifierKey.of("a/source/access", FORMAT_KEY);
        for (int i = 0; i < kept.size(); i++) {
            assertThat(statements.get(i).getPosition()).isEqualTo(i + 1);
            assertThat(new EntryVerifier().verify(kept.get(i), source)).isTrue();
            // All but the signature, which is by another key.
            assertThat(Arrays.copyOf(written.get(i).bytes(), kept.get(i).length - EntryFrame.SIGNATURE_BYTES))
                    .isEqualTo(Arrays.copyOf(kept.get(i), kept.get(i).length - EntryFrame.SIGNATURE_BYTES));
            assertThat(written.get(i).bytes()).hasSameSizeAs(kept.get(i));
        }
    }

    private static List<Entry> group(int size) {
        List<Statement> statements = IntStream.range(0, size)
                .mapToObj(i -> Drafts.statement()
                        .setPosition(i)
                        .setIntent(Intent.getDefaultInstance())
                        .build())
                .toList();
        return Entry.sign(statements, SIGNER);
    }
}
