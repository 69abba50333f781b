package dev.chancery.keyring;

/**
 * What should be opened was altered, moved from where it was sealed, or sealed with another key. Which of these cannot be told.
 * Nothing of the content was released.
 */
public final class SealBroken extends RuntimeException {
    private static final long serialVersionUID = 1;

    SealBroken() {
        super("a sealed value does not fit its key and its place");
    }
}
