package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What an operator says is backed up of a sealer: the first word of a file beside it, as {@code sha256sum COPY} writes it. A word that names
 * something else, or no file, says nothing.
 */
record CopyEvidence(Path file) {
    static final String SUFFIX = ".copied";

    private static final int MAX_BYTES = 4_096;

    /** The evidence of what is in a file. */
    static CopyEvidence of(Path sealer) {
        return new CopyEvidence(sealer.resolveSibling(sealer.getFileName() + SUFFIX));
    }

    /** @param copied empty: nothing names it */
    boolean names(String copied) {
        if (copied.isEmpty()) {
            return false;
        }
        try (var in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_BYTES), US_ASCII)
                    .strip()
                    .split("\\s", 2)[0]
                    .equals(copied);
        } catch (IOException e) {
            return false;
        }
    }
}
