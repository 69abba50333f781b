package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/** The key file can't be used: which file, what is wrong, what to do. */
public final class KeyFileUnusable extends SealerUnusable {
    private static final long serialVersionUID = 1;

    KeyFileUnusable(String message) {
        this(message, null);
    }

    KeyFileUnusable(String message, @Nullable Throwable cause) {
        super(message, false, cause);
    }
}
