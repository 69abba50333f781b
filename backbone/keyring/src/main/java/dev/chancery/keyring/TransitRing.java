package dev.chancery.keyring;

import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A ring of a transit engine: its versions are those of one key, each made by a rotation. One that is destroyed is trimmed: the engine
 * has it no more. Snapshots of the engine's storage have it still.
 *
 * <p><b>Thread safety:</b> safe. {@link Eraser} holds a lock in PostgreSQL while it changes the ring, so that processes take turns.
 */
final class TransitRing implements Sealer.Ring {
    private final TransitKey key;
    private final CopyEvidence evidence;
    private final String saidAs;
    private volatile TransitKey.Versions versions;

    /** @param saidAs what stands before a version in the evidence that it is copied */
    TransitRing(TransitKey key, CopyEvidence evidence, String saidAs) {
        this.key = key;
        this.evidence = evidence;
        this.saidAs = saidAs;
        this.versions = key.versions();
    }

    @Override
    public int newest() {
        return versions.newest();
    }

    @Override
    public SortedSet<Integer> versions() {
        return new TreeSet<>(versions.usable());
    }

    /** While another process destroys the version, the engine lets nobody wrap by it already: whoever does takes the newest. */
    @Override
    public byte[] wrap(int version, byte[] bytes, byte[] context) {
        if (version > newest()) {
            requireUsable(version);
        }
        return key.wrap(version, bytes, context).orElseThrow(() -> {
            refresh();
            if (version < newest()) {
                return new KeyDestroyed();
            }
            requireUsable(version);
            return key.unusable("does not wrap by version " + version + ": see the server's log");
        });
    }

    @Override
    public byte[] unwrap(int version, byte[] wrapped, byte[] context) {
        requireUsable(version);
        if (!TransitKey.versionOf(wrapped).equals(Optional.of(version))) {
            throw new SealBroken();
        }
        return key.unwrap(wrapped, context).orElseThrow(() -> {
            refresh();
            requireUsable(version);
            return new SealBroken();
        });
    }

    /** One that is destroyed is told from one that never was, and from one that the engine has and lets nobody use. */
    private void requireUsable(int version) {
        if (!versions.usable().contains(version)) {
            refresh();
        }
        TransitKey.Versions now = versions;
        if (now.usable().contains(version)) {
            return;
        }
        if (version > now.newest()) {
            throw new KeyMissing();
        }
        if (version < now.oldest()) {
            throw new KeyDestroyed();
        }
        throw key.unusable("opens nothing of version " + version + ": lower its min_decryption_version");
    }

    @Override
    public void refresh() {
        versions = key.versions();
    }

    @Override
    public synchronized void add(int version) {
        refresh();
        if (newest() >= version) {
            return;
        }
        if (newest() < version - 1) {
            throw key.unusable(
                    "has no version " + (version - 1) + ", and had one: restore the engine's newest snapshot");
        }
        key.rotate();
        refresh();
        if (newest() < version) {
            throw key.unusable("has no newer version although it was rotated: see the server's log");
        }
    }

    @Override
    public synchronized void destroyBefore(int version) {
        refresh();
        if (newest() < version) {
            throw new IllegalArgumentException("nothing would be left");
        }
        if (versions.oldest() >= version) {
            return;
        }
        key.trim(version, versions);
        refresh();
        if (versions.oldest() < version) {
            throw key.unusable(
                    "still has versions before " + version + " although it was trimmed: see the server's log");
        }
    }

    /** Asks the engine whether it is there; whether the token may rotate and trim is told when that is tried. */
    @Override
    public Optional<String> unchangeable() {
        try {
            refresh();
            return Optional.empty();
        } catch (TransitUnusable e) {
            return Optional.of("the transit engine can't be asked: keys that are not cached don't open, and erasures"
                    + " stay at keys destroyed, until it answers and takes the token");
        }
    }

    /** The engine is copied by its own means: the evidence names the newest version. */
    @Override
    public Optional<String> uncopied() {
        String copied = saidAs + newest();
        return newest() == 1 || evidence.names(copied)
                ? Optional.empty()
                : Optional.of("the transit engine has a newer ring key and is not said to be backed up: take a snapshot"
                        + " of it, delete those from before the last horizon, and write " + copied
                        + " to the file beside the token's whose name ends with " + CopyEvidence.SUFFIX);
    }
}
