package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/**
 * One version of a subject's key for one retention class.
 *
 * @param retention number of the {@code RetentionClass}; 0 stands for the whole subject, and only ever as destroyed
 * @param secret null: destroyed, itself or the tenant key that wrapped it
 */
record SubjectKey(
        int retention,
        int version,
        KeyState state,
        @Nullable SecretBytes secret) {
    static final int WHOLE_SUBJECT = 0;

    /** The class of the key that keyed hashes are made with; of nobody's, and of no {@code RetentionClass}. */
    static final int HASHING = 1_000;

    boolean isDestroyed() {
        return secret == null;
    }

    /** @throws KeyDestroyed if it was */
    SecretBytes live() {
        if (secret == null) {
            throw new KeyDestroyed();
        }
        return secret;
    }
}
