package dev.chancery.auditor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A map from 16-byte keys to a fixed number of longs, in a memory-mapped temporary file: what must be remembered of a log of
 * any size costs disk and page cache, not heap. Open addressing with linear probing, at most half full, doubled by copying.
 * Slots are found through a seed drawn for each table, so that whoever wrote the log cannot choose keys that collide.
 *
 * <p><b>Thread safety</b>: none; the thread that made it uses it.
 *
 * <p><b>Destruction</b>: the file is deleted on close; where the system lets an open file be unlinked (Linux, macOS) it has no
 * name from the beginning, so that even a killed process leaves nothing.
 */
final class DiskTable implements AutoCloseable {
    private static final long FIRST_SLOTS = 1 << 10;
    private static final int ZEROS_BYTES = 1 << 16;
    private static final int HEAD_LONGS = 3;

    private final int valueLongs;
    private final long slotBytes;
    private final long seed = ThreadLocalRandom.current().nextLong();
    private Mapped mapped;
    private long slots = FIRST_SLOTS;
    private long used;

    private record Mapped(FileChannel file, Arena arena, MemorySegment memory) {}

    interface Visitor {
        void visit(long key0, long key1, long[] value);
    }

    DiskTable(int valueLongs) throws IOException {
        this.valueLongs = valueLongs;
        this.slotBytes = (long) (HEAD_LONGS + valueLongs) * Long.BYTES;
        this.mapped = map(slots * slotBytes);
    }

    /** Fills {@code value} and answers true, or leaves it and answers false. */
    boolean get(long key0, long key1, long[] value) {
        long slot = find(key0, key1);
        if (!isUsed(slot)) {
            return false;
        }
        readValue(slot, value);
        return true;
    }

    void put(long key0, long key1, long... value) throws IOException {
        long slot = find(key0, key1);
        if (!isUsed(slot)) {
            if (2 * (used + 1) > slots) {
                grow();
                slot = find(key0, key1);
            }
            used++;
        }
        write(slot, 0, 1);
        write(slot, 1, key0);
        write(slot, 2, key1);
        for (int i = 0; i < valueLongs; i++) {
            write(slot, HEAD_LONGS + i, value[i]);
        }
    }

    void remove(long key0, long key1) {
        long gap = find(key0, key1);
        if (!isUsed(gap)) {
            return;
        }
        used--;
        // Close the gap: whoever probed past it moves back, so that no search ends too early.
        for (long next = after(gap); isUsed(next); next = after(next)) {
            long home = home(read(next, 1), read(next, 2));
            long probed = Math.floorMod(next - home, slots);
            if (probed >= Math.floorMod(next - gap, slots)) {
                MemorySegment.copy(mapped.memory, next * slotBytes, mapped.memory, gap * slotBytes, slotBytes);
                gap = next;
            }
        }
        write(gap, 0, 0);
    }

    long size() {
        return used;
    }

    /** In no order. The array is the same each time. */
    void forEach(Visitor visitor) {
        long[] value = new long[valueLongs];
        for (long slot = 0; slot < slots; slot++) {
            if (isUsed(slot)) {
                readValue(slot, value);
                visitor.visit(read(slot, 1), read(slot, 2), value);
            }
        }
    }

    private void grow() throws IOException {
        Mapped old = mapped;
        long oldSlots = slots;
        mapped = map(2 * slots * slotBytes);
        slots *= 2;
        for (long slot = 0; slot < oldSlots; slot++) {
            long from = slot * slotBytes;
            if (old.memory.get(ValueLayout.JAVA_LONG, from) != 0) {
                long key0 = old.memory.get(ValueLayout.JAVA_LONG, from + Long.BYTES);
                long key1 = old.memory.get(ValueLayout.JAVA_LONG, from + 2 * Long.BYTES);
                MemorySegment.copy(old.memory, from, mapped.memory, find(key0, key1) * slotBytes, slotBytes);
            }
        }
        close(old);
    }

    /** The slot of the key, or the free one where it belongs. */
    private long find(long key0, long key1) {
        long slot = home(key0, key1);
        while (isUsed(slot) && (read(slot, 1) != key0 || read(slot, 2) != key1)) {
            slot = after(slot);
        }
        return slot;
    }

    private long home(long key0, long key1) {
        long mixed = (key0 ^ seed) * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ mixed >>> 32 ^ key1 ^ Long.rotateLeft(seed, 17)) * 0xbf58476d1ce4e5b9L;
        return (mixed ^ mixed >>> 29) & (slots - 1);
    }

    private long after(long slot) {
        return (slot + 1) & (slots - 1);
    }

    private boolean isUsed(long slot) {
        return read(slot, 0) != 0;
    }

    private void readValue(long slot, long[] value) {
        for (int i = 0; i < valueLongs; i++) {
            value[i] = read(slot, HEAD_LONGS + i);
        }
    }

    private long read(long slot, int index) {
        return mapped.memory.get(ValueLayout.JAVA_LONG, slot * slotBytes + (long) index * Long.BYTES);
    }

    private void write(long slot, int index, long value) {
        mapped.memory.set(ValueLayout.JAVA_LONG, slot * slotBytes + (long) index * Long.BYTES, value);
    }

    @SuppressWarnings("MustBeClosedChecker") // closed with the table, or when it grows
    private static Mapped map(long bytes) throws IOException {
        Path path = Files.createTempFile("chancery-auditor", ".table");
        FileChannel file = FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        Arena arena = Arena.ofConfined();
        try {
            // Written, not left sparse: a full disk is an IOException here, and would be a fault of the machine later.
            ByteBuffer zeros = ByteBuffer.allocate(ZEROS_BYTES);
            for (long left = bytes; left > 0; ) {
                zeros.position(0).limit((int) Math.min(left, ZEROS_BYTES));
                left -= file.write(zeros);
            }
            return new Mapped(file, arena, file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena));
        } catch (IOException | RuntimeException e) {
            arena.close();
            file.close();
            throw e;
        }
    }

    private static void close(Mapped mapped) throws IOException {
        mapped.arena.close();
        mapped.file.close();
    }

    @Override
    public void close() throws IOException {
        close(mapped);
    }
}
