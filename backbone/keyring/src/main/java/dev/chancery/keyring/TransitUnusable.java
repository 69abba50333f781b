package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/** The transit engine can't be used: it doesn't answer, it refuses, or what it answers is not what its API documents. */
public final class TransitUnusable extends SealerUnusable {
    private static final long serialVersionUID = 1;

    TransitUnusable(String message) {
        this(message, null);
    }

    TransitUnusable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
