package dev.chancery.keyring;

/** The key that this needs was destroyed, on purpose and for ever. Trying again does not help. */
public final class KeyDestroyed extends RuntimeException {
    private static final long serialVersionUID = 1;

    KeyDestroyed() {
        super("the key was destroyed and is never made again");
    }
}
