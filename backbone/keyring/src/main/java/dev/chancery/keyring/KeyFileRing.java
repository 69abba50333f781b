package dev.chancery.keyring;

import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A ring of a key file. Its bytes are in the file alone: a version that is taken out of the file is gone.
 *
 * <p><b>Thread safety:</b> safe. {@link Eraser} holds a lock in PostgreSQL while it changes the file, so that processes on several machines
 * take turns; on one machine the file's own lock sees to it even when PostgreSQL has given up a process that then goes on.
 */
final class KeyFileRing implements Sealer.Ring {
    /** Which of a file's rings it is. */
    enum Of {
        ORGANISATIONS("chancery/ring/wrap/v1", KeyFile.Keys::ring),
        INSTALLATION("chancery/installation-ring/wrap/v1", KeyFile.Keys::installationRing);

        private final String label;
        private final Function<KeyFile.Keys, SortedMap<Integer, SecretBytes>> versions;

        Of(String label, Function<KeyFile.Keys, SortedMap<Integer, SecretBytes>> versions) {
            this.label = label;
            this.versions = versions;
        }
    }

    private final Path file;
    private final Of of;
    private volatile SortedMap<Integer, SecretBytes> wrapping;

    KeyFileRing(Path file, Of of, KeyFile.Keys keys) {
        this.file = file;
        this.of = of;
        this.wrapping = subkeys(keys);
    }

    private SortedMap<Integer, SecretBytes> subkeys(KeyFile.Keys keys) {
        SortedMap<Integer, SecretBytes> subkeys = new TreeMap<>();
        of.versions.apply(keys).forEach((version, key) -> subkeys.put(version, Hkdf.subkey(key, of.label)));
        return subkeys;
    }

    @Override
    public int newest() {
        return wrapping.lastKey();
    }

    @Override
    public SortedSet<Integer> versions() {
        return new TreeSet<>(wrapping.keySet());
    }

    @Override
    public byte[] wrap(int version, byte[] key, byte[] context) {
        return CommittingAead.seal(key(version), context, key);
    }

    @Override
    public byte[] unwrap(int version, byte[] wrapped, byte[] context) {
        return CommittingAead.open(key(version), context, wrapped);
    }

    private SecretBytes key(int version) {
        SecretBytes known = wrapping.get(version);
        if (known == null) {
            refresh();
            known = wrapping.get(version);
        }
        if (known != null) {
            return known;
        }
        throw version < newest() ? new KeyDestroyed() : new KeyMissing();
    }

    @Override
    public synchronized void refresh() {
        KeyFile.Keys keys = KeyFile.read(file);
        wrapping = subkeys(keys);
        keys.destroy();
    }

    @Override
    public synchronized void add(int version) {
        KeyFile.change(file, keys -> {
            SortedMap<Integer, SecretBytes> versions = of.versions.apply(keys);
            if (versions.lastKey() >= version) {
                return false;
            }
            if (versions.size() >= KeyFile.MAX_RING) {
                throw new KeyFileUnusable("key file " + file + " has " + KeyFile.MAX_RING
                        + " versions of the ring, and takes no more until the oldest has reached its horizon");
            }
            versions.put(version, SecretBytes.random());
            return true;
        });
        refresh();
    }

    @Override
    public synchronized void destroyBefore(int version) {
        KeyFile.change(file, keys -> {
            SortedMap<Integer, SecretBytes> versions = of.versions.apply(keys);
            if (versions.lastKey() < version) {
                throw new IllegalArgumentException("nothing would be left");
            }
            SortedMap<Integer, SecretBytes> older = versions.headMap(version);
            boolean any = !older.isEmpty();
            older.values().forEach(SecretBytes::destroy);
            older.clear();
            return any;
        });
        refresh();
    }

    @Override
    public Optional<String> unchangeable() {
        return KeyFile.isChangeable(file)
                ? Optional.empty()
                : Optional.of("the key file or its directory can't be written: erasures stay at keys destroyed, and no"
                        + " horizon is met, until both can be written by every core process");
    }

    /** The file is copied as long as the evidence beside it names what it holds. Before the first change there is nothing to say. */
    @Override
    public Optional<String> uncopied() {
        return newest() == 1 || CopyEvidence.of(file).names(KeyFile.sha256(file))
                ? Optional.empty()
                : Optional.of(
                        "the key file has changed and is not said to be backed up: copy it, delete copies from before"
                                + " the last horizon, and write the SHA-256 of the new copy to the file beside it whose"
                                + " name ends with "
                                + CopyEvidence.SUFFIX);
    }
}
