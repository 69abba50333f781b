package dev.chancery.keyring;

import java.util.Optional;
import java.util.SortedSet;

/**
 * The top of the key hierarchy: holds keys that never leave it, and wraps others with them, in two rings; and derives secrets.
 *
 * <p>This is the interface by which another holder of keys joins, e.g. a cloud's key management: {@link TransitSealer} is the reference of one
 * over a network. Implementations are safe for use by many threads. All methods throw {@link SealerUnusable} while the keys can't be reached;
 * once they can, the next call succeeds.
 */
public interface Sealer {
    /**
     * Answers a secret that depends on this sealer and the purpose alone, so that it need not be stored anywhere.
     *
     * @param purpose e.g. {@code postgres/chancery_identity}
     * @return 256 bits as 43 characters of base64url
     */
    String derive(String purpose);

    /** What wraps organisations' keys. Erasures turn it, since an older version that is destroyed ends what copies of the database open. */
    Ring ring();

    /**
     * What wraps keys that sign and environments' keys. It is apart from {@link #ring}, since it opens nothing that is about a person and goes on
     * when an older version there is destroyed.
     */
    Ring installationRing();

    /**
     * Keys that wrap, in versions, so that an older one can be destroyed. A version that another process has made meanwhile is found when it is
     * asked for.
     */
    interface Ring {
        /** The newest version that is known here, from 1. */
        int newest();

        /** Those that open something, as far as is known here. */
        SortedSet<Integer> versions();

        /**
         * Wraps a key.
         *
         * @param key not kept; the caller zeroes it
         * @param context what the key is; unwrapping asks for the same bytes
         * @throws KeyDestroyed if the version was destroyed, or is about to be: a newer one is there
         */
        byte[] wrap(int version, byte[] key, byte[] context);

        /**
         * Answers a wrapped key. The caller zeroes it after use.
         *
         * @throws KeyDestroyed if the version was destroyed
         * @throws SealBroken if it was wrapped for another context, or was altered
         */
        byte[] unwrap(int version, byte[] wrapped, byte[] context);

        /** Looks for what other processes have made. */
        void refresh();

        /**
         * Makes a version, durable when this returns. There already: nothing.
         *
         * @throws SealerUnusable if it can't be made
         */
        void add(int version);

        /** Destroys the versions before this one, for ever; durable when this returns. Destroyed already: nothing. */
        void destroyBefore(int version);

        /** Why no version can be made or destroyed, in words for an operator that name no file; empty: they can, as far as is known. */
        Optional<String> unchangeable();

        /** What an operator has not said is backed up since a version was made or destroyed, and how it says so; empty: all is. */
        Optional<String> uncopied();
    }
}
