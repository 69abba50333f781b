package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What an operator says is backed up of a sealer: a word in a file beside it, e.g. as {@code sha256sum COPY} writes it. Words that name
 * something else, or no file, say nothing.
 */
record CopyEvidence(Path file) {
    static final String SUFFIX = ".copied";
    /** What stands before a version of the installation's ring; before one of the other stands nothing. */
    static final String INSTALLATION = "installation-";

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
            return List.of(new String(in.readNBytes(MAX_BYTES), US_ASCII)
                            .strip()
                            .split("\\s+"))
                    .contains(copied);
        } catch (IOException e) {
            return false;
        }
    }
}
