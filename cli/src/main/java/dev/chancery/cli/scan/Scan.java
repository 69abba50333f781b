package dev.chancery.cli.scan;

import dev.chancery.redaction.SecretRules;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** One scan: reports places, never values. Memory is bounded by the longest line, which is cut; time is linear in what is read. */
public final class Scan {
    private static final Set<String> ARCHIVES = Set.of("jar", "war", "ear", "zip");
    /** Directories that hold nothing of anybody's own. */
    private static final Set<String> PASSED_OVER = Set.of(".git", "target", "node_modules");

    private static final int MAX_LINE_CHARS = 1 << 20;
    private static final int MAX_DEPTH = 4;
    private static final long MAX_ARCHIVE_BYTES = 4L << 30;
    /** In what is no text: the shortest run of characters that is looked at. */
    private static final int SHORTEST_RUN = 16;

    private final Allowed allowed;
    private final Consumer<Place> found;
    private long archiveBytes;

    /** @param where a file and, in what has lines, a line, e.g. {@code src/Main.java:12} */
    public record Place(String where, String rule) {}

    public Scan(Allowed allowed, Consumer<Place> found) {
        this.allowed = allowed;
        this.found = found;
    }

    /** A file, or every file below a directory. */
    public void path(Path root) throws IOException {
        if (Files.isRegularFile(root)) {
            file(root, root.toString());
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                String name = String.valueOf(directory.getFileName());
                return !directory.equals(root) && PASSED_OVER.contains(name)
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    file(file, root.relativize(file).toString());
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void file(Path file, String name) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            stream(in, name, 0);
        }
    }

    /** An archive, and those in it. */
    public void archive(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            entries(in, file.toString(), 1);
        }
    }

    private void entries(InputStream in, String name, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new IOException(name + ": archives in archives in archives; unpack it");
        }
        // Not closed: it is somebody else's stream.
        var zip = new ZipInputStream(in);
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            if (!entry.isDirectory()) {
                stream(new Counted(zip), name + "!" + entry.getName(), depth);
            }
        }
    }

    private void stream(InputStream in, String name, int depth) throws IOException {
        String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        if (ARCHIVES.contains(ending) && depth > 0) {
            entries(in, name, depth + 1);
            return;
        }
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1), 1 << 16);
        var line = new StringBuilder();
        boolean binary = false;
        int number = 1;
        for (int c = reader.read(); c >= 0; c = reader.read()) {
            binary |= c == 0;
            boolean ends = c == '\n' || (binary && (c < ' ' || c > '~'));
            if (!ends && line.length() < MAX_LINE_CHARS) {
                line.append((char) c);
            } else {
                look(line, name, number, binary);
                line.setLength(0);
                if (!ends) {
                    line.append((char) c);
                }
                number += c == '\n' ? 1 : 0;
            }
        }
        look(line, name, number, binary);
    }

    private void look(CharSequence line, String name, int number, boolean binary) {
        if (binary ? line.length() >= SHORTEST_RUN : line.length() > 0) {
            // Random-looking characters are what a binary is made of.
            line(line.toString(), name, binary ? name : name + ":" + number, binary);
        }
    }

    private void line(String text, String path, String where, boolean binary) {
        for (SecretRules.Find find : SecretRules.in(text)) {
            boolean noise =
                    binary && List.of(SecretRules.RANDOM, SecretRules.NAMED).contains(find.rule());
            if (!noise && !allowed.covers(path, find.rule())) {
                found.accept(new Place(where, find.rule()));
            }
        }
    }

    /**
     * What lines add in the output of {@code git diff} or {@code git log -p}.
     *
     * @param patch as UTF-8, with {@code a/} and {@code b/} before names
     */
    public void patch(InputStream patch) throws IOException {
        var reader = new BufferedReader(new InputStreamReader(patch, StandardCharsets.UTF_8));
        String commit = "";
        String path = "";
        int number = 0;
        int left = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (left > 0 && line.startsWith("+")) {
                line(line.substring(1), path, commit + path + ":" + number, false);
                number++;
                left--;
            } else if (line.startsWith("commit ")) {
                commit = line.substring("commit ".length()).strip() + " ";
            } else if (left == 0 && line.startsWith("+++ ")) {
                path = line.startsWith("+++ b/")
                        ? line.substring("+++ b/".length()).strip()
                        : "";
            } else if (line.startsWith("@@ ")) {
                String[] added = line.substring(line.indexOf('+') + 1, line.indexOf(" @@"))
                        .split(",");
                number = Integer.parseInt(added[0]);
                left = added.length == 1 ? 1 : Integer.parseInt(added[1]);
            }
        }
    }

    /** An entry, which is not closed, and whose bytes count. */
    private final class Counted extends InputStream {
        private final InputStream in;

        Counted(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = in.read(into, offset, length);
            archiveBytes += Math.max(0, read);
            if (archiveBytes > MAX_ARCHIVE_BYTES) {
                throw new IOException("an archive that unpacks to more than 4 GiB is not looked at");
            }
            return read;
        }
    }
}
