package dev.chancery.projection;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** Records of one tenant that came before their turn: the lowest ones, as many as the limits allow. */
final class Ahead {
    /** Entries and bodies held for one tenant; the record that exceeds it is held, and none above it. */
    private static final long MAX_BYTES = 16 << 20;

    private final int maxRecords;
    private final TreeMap<Long, LogRecord> records = new TreeMap<>();
    private long bytes;
    /** From here on nothing is held: what was let go mustn't look like a gap. */
    private long letGoFrom = Long.MAX_VALUE;

    Ahead(int maxRecords) {
        this.maxRecords = maxRecords;
    }

    /** @throws ForkFound when another record claims the same position */
    void add(LogRecord record) {
        if (record.position() >= letGoFrom) {
            return;
        }
        LogRecord known = records.putIfAbsent(record.position(), record);
        if (known != null) {
            if (!Arrays.equals(known.entry(), record.entry())) {
                throw new ForkFound(record.tenant(), record.position());
            }
            return;
        }
        bytes += sizeOf(record);
        while (records.size() > 1 && (records.size() > maxRecords || bytes > MAX_BYTES)) {
            letGo(records.lastKey());
        }
    }

    void addAll(Ahead other) {
        other.records.values().forEach(this::add);
        if (other.letGoFrom < letGoFrom) {
            letGo(other.letGoFrom);
        }
    }

    private void letGo(long from) {
        letGoFrom = from;
        records.tailMap(from).values().forEach(record -> bytes -= sizeOf(record));
        records.tailMap(from).clear();
    }

    /** Removes a dense run that begins at {@code first}; empty while that one is missing. */
    List<LogRecord> takeRun(long first, int atMost) {
        var run = new ArrayList<LogRecord>();
        records.headMap(first).values().forEach(past -> bytes -= sizeOf(past));
        records.headMap(first).clear();
        LogRecord next = records.remove(first);
        while (next != null) {
            bytes -= sizeOf(next);
            run.add(next);
            next = run.size() < atMost ? records.remove(first + run.size()) : null;
        }
        return run;
    }

    boolean isEmpty() {
        return records.isEmpty();
    }

    long firstPosition() {
        return records.firstKey();
    }

    /** Whether records were let go, to be read again. */
    boolean isIncomplete() {
        return letGoFrom < Long.MAX_VALUE;
    }

    private static long sizeOf(LogRecord record) {
        return record.entry().length
                + record.bodies().stream().mapToLong(ByteString::size).sum();
    }
}
