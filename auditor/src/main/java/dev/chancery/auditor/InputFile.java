package dev.chancery.auditor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that the auditor was named. */
final class InputFile {
    private InputFile() {}

    /** At most {@code maxBytes} and one: one more byte than allowed tells that it is too long. */
    static byte[] read(Path file, int maxBytes) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException(file + " is a directory");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(maxBytes + 1);
        }
    }
}
