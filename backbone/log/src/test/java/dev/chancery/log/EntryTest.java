package dev.chancery.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.UnknownFieldSet;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Statement;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class EntryTest {
    @Property(tries = 2_000)
    void whateverIsReadIsAnEntryOrRefused(@ForAll @Size(max = 300) byte[] bytes) {
        try {
            Entry entry = Entry.of(bytes);
            assertThat(entry.bytes()).isEqualTo(bytes);
            assertThat(bytes[0]).isIn((byte) 1, (byte) 2);
            assertThat(entry.statement()).isNotNull();
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("entry");
        }
    }

    @Property(tries = 500)
    void aStoredRowIsARecordOrRefused(@ForAll @Size(max = 300) byte[] bytes) {
        try {
            StoredRecord.parse(bytes);
        } catch (IllegalArgumentException | IllegalStateException e) {
            assertThat(e).hasMessageMatching("entry (size|scheme|group)|a row of the log does not parse");
        }
    }

    @Test
    void anEntryIsAtMost32KiB() {
        byte[] largest = new byte[EntryFrame.MAX_BYTES];
        largest[0] = 1;
        assertThat(Entry.of(largest).bytes()).hasSize(EntryFrame.MAX_BYTES);
        byte[] larger = new byte[EntryFrame.MAX_BYTES + 1];
        larger[0] = 1;
        assertThatIllegalArgumentException().isThrownBy(() -> Entry.of(larger));
    }

    @Test
    void whatANewerVersionAddedIsNotCopied() {
        Statement known =
                Drafts.statement().setIntent(Intent.getDefaultInstance()).build();
        Statement newer = known.toBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                17,
                                UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                        .build())
                .build();
        byte[] statement = newer.toByteArray();
        byte[] bytes = new byte[1 + statement.length + 64];
        bytes[0] = 1;
        System.arraycopy(statement, 0, bytes, 1, statement.length);
        assertThat(Entry.of(bytes).statement()).isEqualTo(newer);
        assertThat(Entry.of(bytes).knownStatement()).isEqualTo(known);
    }
}
