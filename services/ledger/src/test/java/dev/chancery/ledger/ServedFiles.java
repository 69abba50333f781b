package dev.chancery.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.projection.LogRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What somebody does who has the checkpoint's key and the served files and nothing else. Written from the specifications. */
final class ServedFiles {
    private ServedFiles() {}

    /** Checks every file of the newest checkpoint's size, and that the entries and bodies are those of these records. */
    static void verify(Ledger ledger, String tenant, List<LogRecord> records) {
        LogKey.Checkpoint checkpoint = ledger.checkpoint(tenant);
        assertThat(checkpoint.origin()).isEqualTo(Records.INSTANCE + "/" + tenant);
        assertThat(checkpoint.size()).isEqualTo(records.size());

        var leaves = new ArrayList<byte[]>();
        for (String name : names(checkpoint.size())) {
            ByteBuffer bundle = file(ledger, tenant, "tile/entries/" + name);
            ByteBuffer bodies = file(ledger, tenant, "bodies/" + name);
            while (bundle.hasRemaining()) {
                LogRecord record = records.get(leaves.size());
                byte[] entry = take(bundle, Short.toUnsignedInt(bundle.getShort()));
                assertThat(entry).isEqualTo(record.entry());
                assertThat(bodies.getShort()).isEqualTo((short) record.bodies().size());
                record.bodies().forEach(body -> assertThat(take(bodies, bodies.getInt()))
                        .isEqualTo(body.toByteArray()));
                leaves.add(NaiveTree.leaf(entry));
            }
            assertThat(bodies.hasRemaining()).isFalse();
        }
        assertThat(leaves).hasSize(records.size());
        assertThat(NaiveTree.root(leaves)).isEqualTo(checkpoint.root());

        int level = 0;
        for (List<byte[]> hashes = leaves; !hashes.isEmpty(); hashes = above(hashes)) {
            var served = new ArrayList<byte[]>();
            for (String name : names(hashes.size())) {
                ByteBuffer tile = file(ledger, tenant, "tile/" + level + "/" + name);
                while (tile.hasRemaining()) {
                    served.add(take(tile, 32));
                }
            }
            assertThat(served).usingElementComparator(Arrays::compare).isEqualTo(hashes);
            level++;
        }
        assertThat(ledger.reader.tile(tenant, level, 0, 1)).isEmpty();
    }

    private static List<byte[]> above(List<byte[]> hashes) {
        var above = new ArrayList<byte[]>();
        for (int from = 0; from + 256 <= hashes.size(); from += 256) {
            above.add(NaiveTree.root(hashes.subList(from, from + 256)));
        }
        return above;
    }

    /** Names of the files that hold so many things, up to 256 in each. */
    private static List<String> names(long count) {
        var names = new ArrayList<String>();
        for (long index = 0; index * 256 < count; index++) {
            long width = Math.min(256, count - index * 256);
            String name = index < 1000 ? "%03d".formatted(index) : "x%03d/%03d".formatted(index / 1000, index % 1000);
            names.add(width == 256 ? name : name + ".p/" + width);
        }
        return names;
    }

    private static ByteBuffer file(Ledger ledger, String tenant, String name) {
        return ByteBuffer.wrap(
                ledger.reader.file(tenant, TilePath.parse(name).orElseThrow()).orElseThrow());
    }

    private static byte[] take(ByteBuffer from, int count) {
        byte[] taken = new byte[count];
        from.get(taken);
        return taken;
    }
}
