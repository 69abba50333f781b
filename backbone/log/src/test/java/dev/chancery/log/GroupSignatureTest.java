package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.IDENTITY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.keyring.EntryVerifier;
import dev.chancery.keyring.Signer;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Statement;
import java.util.HashSet;
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
            signatures.add(java.util.HexFormat.of().formatHex(entry.frame().signature(entry.bytes())));
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
