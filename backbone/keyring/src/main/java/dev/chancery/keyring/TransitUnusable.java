package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/** The transit engine can't be used: it doesn't answer, it refuses, or what it answers is not what its API documents. */
public final class TransitUnusable extends SealerUnusable {
    private static final long serialVersionUID = 1;

    TransitUnusable(String message) {
        this(message, null);
    }

    TransitUnusable(String message, @Nullable Throwable cause) {
        this(message, false, cause);
    }

    private TransitUnusable(String message, boolean away, @Nullable Throwable cause) {
        super(message, away, cause);
    }

    /** The engine does not serve now. */
    static TransitUnusable away(String message, @Nullable Throwable cause) {
        return new TransitUnusable(message, true, cause);
    }
}
