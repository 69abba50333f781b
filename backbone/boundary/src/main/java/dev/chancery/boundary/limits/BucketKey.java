package dev.chancery.boundary.limits;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.keyring.KeyedHash;
import java.util.Arrays;

/**
 * Which bucket: a limit's name, and whose it is. In clear in this process's memory alone.
 *
 * @param identity ids, an address or a name, of a few hundred characters at most
 */
record BucketKey(String limit, String identity) {
    private static final int BYTES = 16;

    /** Whoever sees this, in the table or in a log, learns no name and no address without the key. */
    byte[] hash(KeyedHash key) {
        return Arrays.copyOf(key.of((limit + "\n" + identity).getBytes(UTF_8)), BYTES);
    }
}
