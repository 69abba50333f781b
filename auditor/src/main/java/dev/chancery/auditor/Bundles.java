package dev.chancery.auditor;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The log's entries in order, one bundle at a time, each entry read and its signature verified. Signatures are nearly all of
 * an audit's work, so a fixed pool verifies them while the caller judges the bundle before; {@value #AHEAD} bundles (each at
 * most 8.4 MB) are read ahead and no more.
 */
final class Bundles implements AutoCloseable {
    private static final int AHEAD = 2;
    private static final int CHUNK_ENTRIES = 32;
    private static final int LENGTH_BYTES = 2;
    private static final int MAX_BYTES = Series.WIDTH * (LENGTH_BYTES + Entry.MAX_BYTES);

    private final ExportFiles export;
    private final Checkpoint checkpoint;
    private final Trust trust;
    private final Series series;
    private final ExecutorService threads = Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(),
            Thread.ofPlatform().daemon().factory());
    private final ArrayDeque<Started> ahead = new ArrayDeque<>();
    private long next;

    /**
     * @param entries in order; fewer than {@code width} where the bundle is missing or cut
     * @param framing what is wrong with the bundle as a file
     */
    record Bundle(
            long index,
            String path,
            int width,
            List<Entry> entries,
            @Nullable String framing) {
        boolean isWhole() {
            return entries.size() == width;
        }
    }

    private record Started(
            long index,
            List<Future<List<Entry>>> chunks,
            @Nullable String framing) {}

    private record Slice(int from, int length) {}

    Bundles(ExportFiles export, Checkpoint checkpoint, Trust trust) {
        this.export = export;
        this.checkpoint = checkpoint;
        this.trust = trust;
        this.series = Layout.entries(checkpoint.size());
    }

    /** The next bundle, null after the last. */
    @Nullable
    Bundle next() throws IOException {
        while (ahead.size() <= AHEAD && next < series.files()) {
            ahead.add(start(next++));
        }
        Started first = ahead.poll();
        if (first == null) {
            return null;
        }
        List<Entry> entries = new ArrayList<>(Series.WIDTH);
        for (Future<List<Entry>> chunk : first.chunks) {
            entries.addAll(await(chunk));
        }
        return new Bundle(first.index, series.path(first.index), series.width(first.index), entries, first.framing);
    }

    private Started start(long index) throws IOException {
        byte[] bundle = export.read(series.path(index), MAX_BYTES);
        if (bundle == null) {
            return new Started(index, List.of(), null);
        }
        int width = series.width(index);
        List<Slice> slices = new ArrayList<>(width);
        int at = 0;
        while (slices.size() < width && at + LENGTH_BYTES <= bundle.length) {
            int length = ((bundle[at] & 0xff) << 8) | (bundle[at + 1] & 0xff);
            if (length > bundle.length - at - LENGTH_BYTES) {
                break;
            }
            slices.add(new Slice(at + LENGTH_BYTES, length));
            at += LENGTH_BYTES + length;
        }
        String framing = null;
        if (slices.size() < width) {
            framing = "ends within its entry " + slices.size() + " of " + width;
        } else if (at < bundle.length) {
            framing = "has bytes after its last entry";
        }
        List<Future<List<Entry>>> chunks = new ArrayList<>();
        for (int from = 0; from < slices.size(); from += CHUNK_ENTRIES) {
            List<Slice> chunk = slices.subList(from, Math.min(from + CHUNK_ENTRIES, slices.size()));
            long firstPosition = index * Series.WIDTH + from;
            chunks.add(threads.submit(() -> read(bundle, chunk, firstPosition)));
        }
        return new Started(index, chunks, framing);
    }

    private List<Entry> read(byte[] bundle, List<Slice> slices, long firstPosition) {
        List<Entry> entries = new ArrayList<>(slices.size());
        var verified = new VerifiedSignatures();
        for (Slice slice : slices) {
            long position = firstPosition + entries.size();
            entries.add(Entry.read(bundle, slice.from, slice.length, position, checkpoint, trust, verified));
        }
        return entries;
    }

    private static List<Entry> await(Future<List<Entry>> chunk) throws IOException {
        try {
            return chunk.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("an entry could not be judged", e.getCause());
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
