package dev.chancery.keyring;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;

/**
 * A {@link Sealer} whose secret is a file of this machine. For the quick start and for installations whose orchestrator mounts
 * secrets as files; whoever can read the file and the database can read everything.
 *
 * <p>The file belongs outside the data directory and outside the database's backups: a backup that holds both opens what was
 * forgotten since. Its directory must be writable, and the same for all processes that have this sealer, where what was forgotten is to be
 * beyond any backup, and where a ring is to turn: its older versions are taken out of the file.
 */
public final class KeyFileSealer implements Sealer {
    private final SecretBytes deriving;
    private final KeyFileRing ring;
    private final KeyFileRing installationRing;

    private KeyFileSealer(Path file, KeyFile.Keys keys) {
        deriving = Hkdf.subkey(keys.root(), "chancery/sealer/derive/v1");
        ring = new KeyFileRing(file, KeyFileRing.Of.ORGANISATIONS, keys);
        installationRing = new KeyFileRing(file, KeyFileRing.Of.INSTALLATION, keys);
        keys.destroy();
    }

    /**
     * Reads a key file. It must be readable by its owner alone, or, where it is another user's (a mounted secret), by its group too.
     *
     * @throws KeyFileUnusable if it is missing, open to others, damaged or unreadable
     */
    public static KeyFileSealer open(Path file) {
        return new KeyFileSealer(file, KeyFile.read(file));
    }

    /**
     * Makes a new random key file, readable by its owner alone, durable when this returns. Its directory must exist and allow hard
     * links.
     *
     * @throws KeyFileUnusable if the file exists, whatever is in it, or can't be made
     */
    public static KeyFileSealer create(Path file) {
        KeyFile.create(file);
        return open(file);
    }

    @Override
    public String derive(String purpose) {
        byte[] info = Framing.labelled("chancery/secret/v1").text(purpose).toBytes();
        byte[] secret = Hkdf.expand(deriving, info, SecretBytes.KEY_BYTES);
        try {
            return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        } finally {
            Arrays.fill(secret, (byte) 0);
        }
    }

    @Override
    public Ring ring() {
        return ring;
    }

    @Override
    public Ring installationRing() {
        return installationRing;
    }

    @Override
    public String toString() {
        return "KeyFileSealer[hidden]";
    }
}
