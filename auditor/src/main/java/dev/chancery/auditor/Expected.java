package dev.chancery.auditor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the auditor knows of the log from elsewhere. A log that was cut, or that went on from another past, is whole in itself: only
 * somebody who remembers can tell.
 *
 * @param checkpoint a checkpoint of the log that was kept, signed by a key of the trust file
 * @param origin the log's name
 * @param minSize how many records it has at least
 */
record Expected(@Nullable Checkpoint checkpoint, @Nullable String origin, long minSize) {
    static final Expected NOTHING = new Expected(null, null, 0);

    /**
     * Reads a checkpoint that was kept.
     *
     * @throws WrongUsage when it is none, or nobody whom the trust file names signed it
     */
    static Checkpoint kept(Path file, Trust trust) throws IOException, WrongUsage {
        try {
            Checkpoint checkpoint = Checkpoint.parse(InputFile.read(file, Checkpoint.MAX_BYTES));
            checkpoint.signer(trust);
            return checkpoint;
        } catch (Malformed e) {
            throw new WrongUsage("kept checkpoint: " + e.reason());
        }
    }

    /** Whether anything is known of how long the log is. */
    boolean knowsLength() {
        return checkpoint != null || minSize > 0;
    }

    /** Whether the log's name and size are as expected. */
    void compare(Checkpoint found, Findings findings) {
        String expectedOrigin = origin != null ? origin : checkpoint != null ? checkpoint.origin() : found.origin();
        if (!found.origin().equals(expectedOrigin)) {
            findings.add(
                    Layout.CHECKPOINT,
                    Rule.ANOTHER_LOG,
                    "of " + found.origin() + ", and " + Text.printable(expectedOrigin) + " was asked for");
        }
        if (checkpoint != null && found.size() < checkpoint.size()) {
            findings.add(
                    Layout.CHECKPOINT,
                    Rule.SHORTER,
                    "of " + found.size() + " records; the kept one has " + checkpoint.size());
        }
        if (found.size() < minSize) {
            findings.add(
                    Layout.CHECKPOINT,
                    Rule.SHORTER,
                    "of " + found.size() + " records; at least " + minSize + " are asked for");
        }
    }

    /** To be told of each size that the tree has: whether it had the kept root when it had the kept size. */
    void compare(Tree tree, Findings findings) {
        if (checkpoint != null && tree.size() == checkpoint.size() && !Arrays.equals(tree.root(), checkpoint.root())) {
            findings.lead(
                    Layout.CHECKPOINT,
                    Rule.FORK,
                    "its first " + checkpoint.size() + " records are not those of the kept checkpoint");
        }
    }
}
