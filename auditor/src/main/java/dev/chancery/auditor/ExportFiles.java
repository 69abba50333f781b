package dev.chancery.auditor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** The export's directory. Inside it no link is followed and nothing but regular files is opened. */
record ExportFiles(Path root) {

    interface Visitor {
        /** Answers whether to go into it, where it is a directory. The path is relative, with slashes. */
        boolean visit(String path, BasicFileAttributes attributes) throws IOException;
    }

    ExportFiles {
        root = root.toAbsolutePath();
    }

    void requireDirectory() throws IOException {
        if (!Files.readAttributes(root, BasicFileAttributes.class).isDirectory()) {
            throw new NotDirectoryException(root.toString());
        }
    }

    boolean has(String path) throws IOException {
        Path file = root.resolve(path);
        // NOFOLLOW_LINKS is about the last name alone.
        for (Path above = file.getParent(); above != null && !above.equals(root); above = above.getParent()) {
            if (!Files.isDirectory(above, LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
        }
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Answers null where it is missing or no regular file: the layout check has said so */
    @Nullable
    InputStream open(String path) throws IOException {
        return has(path) ? Files.newInputStream(root.resolve(path), LinkOption.NOFOLLOW_LINKS) : null;
    }

    /** At most {@code maxBytes} and one: one more byte than allowed tells that it is too long. */
    byte @Nullable [] read(String path, int maxBytes) throws IOException {
        try (InputStream in = open(path)) {
            return in == null ? null : in.readNBytes(maxBytes + 1);
        }
    }

    void walk(Visitor visitor) throws IOException {
        walk(root, "", visitor);
    }

    /** As deep as the visitor allows. */
    private static void walk(Path directory, String prefix, Visitor visitor) throws IOException {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
            for (Path child : children) {
                String path = prefix + child.getFileName();
                BasicFileAttributes attributes =
                        Files.readAttributes(child, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (visitor.visit(path, attributes) && attributes.isDirectory()) {
                    walk(child, path + "/", visitor);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }
}
