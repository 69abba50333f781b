package dev.chancery.testkit;

import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.embedded.ServerNotStarted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * The directory that one JVM's servers work in, named after its process id. A JVM that was killed leaves its directory, and a
 * PostgreSQL running in it: the next one clears both away.
 */
final class Scratch {
    private static final String PREFIX = "chancery-testkit-";

    private Scratch() {}

    static Path create() {
        try {
            clearAwayAbandoned();
            return Files.createTempDirectory(PREFIX + ProcessHandle.current().pid() + "-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void clearAwayAbandoned() throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try (var directories = Files.newDirectoryStream(temporary, PREFIX + "*-*")) {
            for (Path directory : directories) {
                if (isAbandoned(directory)) {
                    clearAway(directory);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static boolean isAbandoned(Path directory) {
        String name = directory.getFileName().toString();
        String pid = name.substring(PREFIX.length(), name.lastIndexOf('-'));
        return pid.matches("[0-9]{1,9}")
                && ProcessHandle.of(Long.parseLong(pid)).isEmpty()
                && Files.isWritable(directory);
    }

    private static void clearAway(Path directory) {
        try {
            Path postgres = directory.resolve("postgres");
            if (Files.isDirectory(postgres)) {
                EmbeddedPostgres.stopOrphan(postgres);
            }
            delete(directory);
        } catch (ServerNotStarted e) {
            // Another JVM is clearing it away.
        }
    }

    static void delete(Path directory) {
        try (var paths = Files.walk(directory)) {
            List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // It lies where temporary files do; the next JVM tries again.
        }
    }
}
