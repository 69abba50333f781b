package dev.chancery.app.configuration;

import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.SealerUnusable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Where a process has its keys from. It can't have them, and stands sealed, while the file that unlocks them is not there, while what holds them
 * is away, or while an operator has sealed it: by a file beside the one that unlocks, with {@value #MARK} at the end of its name.
 *
 * @param unlocking the key file, the file with a token's PIN, or the file with an engine's token
 * @param opening opens what it unlocks
 */
public record KeySource(Path unlocking, Supplier<Sealer> opening) {
    private static final String MARK = ".sealed";

    /** What an attempt to get the keys came to. */
    public sealed interface Attempt {
        record Opened(Sealer sealer) implements Attempt {}

        /** @param why one line for the operator; it holds no secret */
        record Sealed(String why) implements Attempt {}
    }

    /** The file by which an operator seals; what is in it is not read. */
    public Path mark() {
        return unlocking.resolveSibling(unlocking.getFileName() + MARK);
    }

    /** Whether an operator has sealed it. */
    public boolean isMarked() {
        return Files.exists(mark());
    }

    /**
     * Looks once.
     *
     * @throws SealerUnusable if something has to be changed first: it is damaged, open to others, the PIN is wrong
     * @throws Unusable the same of the file with the PIN
     */
    public Attempt attempt() {
        if (isMarked()) {
            return new Attempt.Sealed(mark() + " is there");
        }
        if (Files.notExists(unlocking)) {
            return new Attempt.Sealed(unlocking + " does not exist");
        }
        try {
            return new Attempt.Opened(opening.get());
        } catch (SealerUnusable e) {
            if (e.isAway()) {
                return new Attempt.Sealed(String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }
}
