package dev.chancery.cli.scan;

import dev.chancery.redaction.SecretRules;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** One scan: reports places, never values. Memory is bounded by the longest line, which is cut; time is linear in what is read. */
public final class Scan {
    private static final Set<String> ARCHIVES = Set.of("jar", "war", "ear", "zip");
    /** Files of names and values. */
    private static final Set<String> SETTINGS =
            Set.of("env", "properties", "yaml", "yml", "ini", "conf", "cfg", "toml");
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

    /**
     * A file by the name that its place is to have.
     *
     * @param name in places, and what globs are compared with
     */
    public void file(Path file, String name) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            stream(in, name, 0);
        }
    }

    /** An archive, and those in it. Fails for one that is none, is cut off, or can't be read whole. */
    public void archive(Path file) throws IOException {
        entries(file, file.toString(), 1);
    }

    /** By its central directory, which an archive has whatever stands before it, and which one that is cut off lacks. */
    private void entries(Path file, String name, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new IOException(name + ", which is within archives in archives in archives,");
        }
        try (var zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                if (!entry.isDirectory()) {
                    try (InputStream in = new Counted(zip.getInputStream(entry))) {
                        stream(in, name + "!" + entry.getName(), depth);
                    }
                }
            }
        } catch (ZipException e) {
            throw new IOException(name + ", which is no zip or jar archive or a damaged one,", e);
        }
    }

    /** A central directory is at an archive's end, so one that stands in another is unpacked into a file first. */
    private void nested(InputStream in, String name, int depth) throws IOException {
        Path unpacked = Files.createTempFile("chancery-scan", ".zip");
        try {
            Files.copy(in, unpacked, StandardCopyOption.REPLACE_EXISTING);
            entries(unpacked, name, depth);
        } finally {
            Files.deleteIfExists(unpacked);
        }
    }

    private void stream(InputStream in, String name, int depth) throws IOException {
        if (ARCHIVES.contains(ending(name)) && depth > 0) {
            nested(in, name, depth + 1);
            return;
        }
        var bytes = new BufferedInputStream(in, 1 << 16);
        var reader = new BufferedReader(new InputStreamReader(bytes, charset(bytes)), 1 << 16);
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

    /** UTF-16 by its mark, as some editors and shells write it; otherwise every byte is a character. */
    private static Charset charset(BufferedInputStream in) throws IOException {
        in.mark(2);
        int mark = in.read() << 8 | in.read();
        in.reset();
        return switch (mark) {
            case 0xfffe -> StandardCharsets.UTF_16LE;
            case 0xfeff -> StandardCharsets.UTF_16BE;
            default -> StandardCharsets.ISO_8859_1;
        };
    }

    private void look(CharSequence line, String name, int number, boolean binary) {
        if (binary ? line.length() >= SHORTEST_RUN : line.length() > 0) {
            // Random-looking characters are what a binary is made of.
            line(line.toString(), name, binary ? name : name + ":" + number, binary);
        }
    }

    private static String ending(String name) {
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    /** Whether what is not quoted there is a literal. */
    private static boolean isSettings(String path) {
        return SETTINGS.contains(ending(path))
                || path.substring(path.lastIndexOf('/') + 1).startsWith(".env.");
    }

    private void line(String text, String path, String where, boolean binary) {
        for (SecretRules.Find find : SecretRules.in(text, isSettings(path))) {
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
     * @param patch with {@code a/} and {@code b/} before names, and names in UTF-8
     */
    public void patch(InputStream patch) throws IOException {
        var reader = new BufferedReader(new InputStreamReader(patch, StandardCharsets.ISO_8859_1), 1 << 16);
        var lines = new Patch();
        var line = new StringBuilder();
        boolean begins = true;
        for (int c = reader.read(); c >= 0; c = reader.read()) {
            if (c != '\n') {
                line.append((char) c);
            }
            if (c == '\n' || line.length() == MAX_LINE_CHARS) {
                lines.take(line.toString(), begins);
                line.setLength(0);
                begins = c == '\n';
            }
        }
        lines.take(line.toString(), begins);
    }

    /** Where in a patch a line stands. */
    private final class Patch {
        private String commit = "";
        private String path = "";
        private int number;
        /** How many lines the hunk still adds. */
        private int left;

        private boolean adds;
        private boolean binary;

        /** @param begins whether the text begins a line; otherwise it goes on with the one before */
        void take(String text, boolean begins) {
            if (!begins) {
                if (adds) {
                    added(text, number - 1);
                }
                return;
            }
            adds = left > 0 && text.startsWith("+");
            if (adds) {
                added(text.substring(1), number);
                number++;
                left--;
            } else if (text.startsWith("commit ")) {
                // Behind the commit, of a merge, the parent that it is compared with.
                commit = text.substring("commit ".length()).strip() + " ";
            } else if (left == 0 && text.startsWith("+++ ")) {
                path = path(text.substring("+++ ".length()));
                binary = false;
            } else if (text.startsWith("@@ ")) {
                String[] added = text.substring(text.indexOf('+') + 1, text.indexOf(" @@"))
                        .split(",");
                number = Integer.parseInt(added[0]);
                left = added.length == 1 ? 1 : Integer.parseInt(added[1]);
            }
        }

        /** Git cuts every file at its line feeds: of UTF-16 each other byte is then 0, and what else has a 0 is no text. */
        private void added(String text, int at) {
            String bare = text.replace("\0", "");
            boolean utf16 = 5 * (text.length() - bare.length()) >= 2 * text.length();
            binary |= !utf16 && bare.length() < text.length();
            line(utf16 ? bare : text, path, commit + path + (binary ? "" : ":" + at), binary);
        }

        /** Git quotes a name with a control character, a quote or a backslash in it. */
        private static String path(String name) {
            String plain = name.startsWith("\"") && name.endsWith("\"") ? name.substring(1, name.length() - 1) : name;
            return plain.startsWith("b/")
                    ? new String(
                            plain.substring(2).strip().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)
                    : "";
        }
    }

    /** An entry, whose bytes count. */
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
                throw new IOException("an archive that unpacks to more than 4 GiB");
            }
            return read;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
