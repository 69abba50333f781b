package dev.chancery.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** A file that is there for as long as something is made of it, e.g. a sealer whose key is then in memory alone. */
public final class TemporaryFile {
    private TemporaryFile() {}

    /** @param maker creates the file, whose directory is there, or leaves it */
    public static <T> T with(Function<Path, T> maker) {
        try {
            Path directory = Files.createTempDirectory("chancery-test");
            Path file = directory.resolve("file");
            try {
                return maker.apply(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
