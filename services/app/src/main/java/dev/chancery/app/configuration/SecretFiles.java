package dev.chancery.app.configuration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** Secrets come from files that only the process's user, or its group, can read: never from arguments or the environment. */
final class SecretFiles {
    private static final int MAX_BYTES = 64 << 10;
    private static final Set<PosixFilePermission> OTHERS =
            Set.of(PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);

    private SecretFiles() {}

    /**
     * A secret's file, as text.
     *
     * @throws Unusable if it is missing, can't be read, is too large, or others may read or write it
     */
    static String read(Path file) {
        try {
            if (Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
                throw new Unusable("others can read or write " + file + ": run chmod o-rw " + file);
            }
        } catch (IOException e) {
            throw new Unusable("can't read the secret " + file + "; it has to be there and readable by this user");
        }
        return text(file);
    }

    /** A file that is no secret: a certificate. */
    static String text(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new Unusable(file + " is larger than " + MAX_BYTES + " bytes");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new Unusable("can't read " + file + "; it has to be there and readable by this user");
        }
    }
}
