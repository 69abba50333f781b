package dev.chancery.keyring;

/**
 * A value names a key that this key ring has never had: the key store was lost or restored to an earlier state, or the value
 * comes from another installation. Not the same as forgotten: nobody decided it.
 */
public final class KeyMissing extends RuntimeException {
    private static final long serialVersionUID = 1;

    KeyMissing() {
        super("a key that should exist is not in the key store");
    }
}
