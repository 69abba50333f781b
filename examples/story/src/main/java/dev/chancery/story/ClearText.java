package dev.chancery.story;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks for values in files of whatever format, in each {@link Spelling} in which somebody who has the files could read them. Every
 * byte of every file is looked at.
 *
 * <p><b>Does not find</b> what is compressed, and a value that lies across the end of a page or of a chunk: where it was stored once, it
 * lies in PostgreSQL's tables, in its write-ahead log and in Kafka, each cut differently.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class ClearText {
    /** Read at once. */
    static final int WINDOW_BYTES = 1 << 20;

    private static final int SHORTEST_VALUE = 6;
    private static final int HEAD_BYTES = 4;
    private static final int SLOT_BITS = 18;

    private final Map<Integer, List<Spelling>> byHead = new HashMap<>();
    /** Whether any spelling has a head of this hash: nearly always not, and then there is nothing to compare. */
    private final boolean[] slots = new boolean[1 << SLOT_BITS];

    private final int longest;

    /**
     * One place.
     *
     * @param offset in the file; -1: in its name
     */
    public record Found(Path file, long offset, Spelling spelling) {
        /** Without the value, which is nobody's business. */
        public String place() {
            return file + (offset < 0 ? ", in its name" : " at byte " + offset) + ", as " + spelling.how();
        }
    }

    /** The first place of each spelling in each file. */
    public record Result(int files, long bytes, List<Found> found) {}

    private ClearText(Collection<String> values) {
        int most = HEAD_BYTES;
        for (String value : values) {
            if (value.length() < SHORTEST_VALUE) {
                throw new IllegalArgumentException("too short to tell from chance: " + value.length() + " characters");
            }
            for (Spelling spelling : Spelling.of(value)) {
                int head = head(spelling.bytes(), 0);
                byHead.computeIfAbsent(head, none -> new ArrayList<>()).add(spelling);
                slots[slot(head)] = true;
                most = Math.max(most, spelling.bytes().length);
            }
        }
        longest = most;
    }

    public static ClearText of(Collection<String> values) {
        return new ClearText(values);
    }

    /** In every regular file below a directory; one that is gone by the time it is opened is left out. */
    public Result below(Path directory) throws IOException {
        List<Found> found = new ArrayList<>();
        long[] count = new long[2];
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    try {
                        found.addAll(in(file));
                        count[0]++;
                        count[1] += attributes.size();
                    } catch (NoSuchFileException e) {
                        // A server that runs removes its own.
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
        return new Result((int) count[0], count[1], List.copyOf(found));
    }

    /** In one file, and in its name. */
    public List<Found> in(Path file) throws IOException {
        var search = new Search(file);
        byte[] name = String.valueOf(file.getFileName()).getBytes(StandardCharsets.UTF_8);
        search.in(name, name.length, name.length, Long.MIN_VALUE);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] window = new byte[longest + WINDOW_BYTES];
            int kept = 0;
            long offset = 0;
            while (true) {
                int read = in.readNBytes(window, kept, WINDOW_BYTES);
                int length = kept + read;
                boolean last = read < WINDOW_BYTES;
                // What begins after this is looked at again, with what follows it.
                int end = last ? length : Math.max(0, length - longest);
                search.in(window, length, end, offset);
                if (last) {
                    return search.found;
                }
                kept = length - end;
                System.arraycopy(window, end, window, 0, kept);
                offset += end;
            }
        }
    }

    private static int head(byte[] bytes, int at) {
        return bytes[at] << 24 | (bytes[at + 1] & 0xff) << 16 | (bytes[at + 2] & 0xff) << 8 | bytes[at + 3] & 0xff;
    }

    private static int slot(int head) {
        return head * 0x9E3779B1 >>> (Integer.SIZE - SLOT_BITS);
    }

    private final class Search {
        private final Path file;
        private final List<Found> found = new ArrayList<>();
        private final Set<Spelling> known = new HashSet<>();

        private Search(Path file) {
            this.file = file;
        }

        /** Spellings that begin before {@code end}. */
        private void in(byte[] bytes, int length, int end, long offset) {
            for (int at = 0; at < end && at + HEAD_BYTES <= length; at++) {
                int head = head(bytes, at);
                if (slots[slot(head)]) {
                    compare(byHead.getOrDefault(head, List.of()), bytes, at, length, offset);
                }
            }
        }

        private void compare(List<Spelling> candidates, byte[] bytes, int at, int length, long offset) {
            for (Spelling spelling : candidates) {
                if (spelling.isIn(bytes, at, length) && known.add(spelling)) {
                    found.add(new Found(file, offset < 0 ? -1 : offset + at, spelling));
                }
            }
        }
    }
}
