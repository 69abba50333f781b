package dev.chancery.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdsTest {
    @Test
    void anIdIsAUuidOfVersion7AndTellsWhenItWasMade() {
        long before = System.currentTimeMillis();
        UUID id = Ids.uuidV7();
        long after = System.currentTimeMillis();

        assertThat(id.version()).isEqualTo(7);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(id.getMostSignificantBits() >>> 16).isBetween(before, after);
    }

    @Test
    void noTwoIdsAreTheSameAndEachIsOfVersion7() {
        var ids = new HashSet<UUID>();
        for (int i = 0; i < 10_000; i++) {
            UUID id = Ids.uuidV7();
            assertThat(id.version() == 7 && id.variant() == 2).isTrue();
            ids.add(id);
        }
        assertThat(ids).hasSize(10_000);
    }

    @Test
    void bytesAreBigEndian() {
        UUID id = Ids.uuidV7();
        ByteBuffer bytes = ByteBuffer.wrap(Ids.bytes(id));

        assertThat(new UUID(bytes.getLong(), bytes.getLong())).isEqualTo(id);
        assertThat(bytes.hasRemaining()).isFalse();
    }
}
