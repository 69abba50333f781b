package dev.chancery.cli.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The verifier keys that an auditor trusts, one a line. Fetched from the instance they are worth what the connection was worth; so
 * they are written on first use only, and compared from then on.
 */
public final class TrustFile {
    private static final Pattern VKEY = Pattern.compile("[^+\\s\\p{Cntrl}]{1,200}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}");

    /** What {@link #pin} did. */
    public enum Pinned {
        /** There was no file: the keys are in it now. */
        WRITTEN,
        /** The file has every key that the instance names. */
        CONFIRMED
    }

    private TrustFile() {}

    /**
     * Writes the keys where there is no file, and otherwise compares.
     *
     * @throws IOException also if the file is there and lacks one of the keys: the instance is another one, or has new keys
     */
    public static Pinned pin(Path file, List<String> keys) throws IOException {
        Optional<String> malformed =
                keys.stream().filter(key -> !VKEY.matcher(key).matches()).findFirst();
        if (keys.isEmpty() || malformed.isPresent()) {
            throw new IOException("the instance names no usable verifier keys");
        }
        if (!Files.exists(file)) {
            Files.write(file, keys, StandardOpenOption.CREATE_NEW);
            return Pinned.WRITTEN;
        }
        List<String> pinned = Files.readAllLines(file);
        for (String key : keys) {
            if (!pinned.contains(key)) {
                throw new IOException("the instance names a key that " + file + " lacks:\n  " + key
                        + "\nFind out why, from somebody you know, before you add it.");
            }
        }
        return Pinned.CONFIRMED;
    }
}
