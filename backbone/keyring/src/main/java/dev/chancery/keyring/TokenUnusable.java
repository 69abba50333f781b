package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/** The PKCS#11 token can't be used. */
public final class TokenUnusable extends SealerUnusable {
    private static final long serialVersionUID = 1;

    TokenUnusable(String message, @Nullable Throwable cause) {
        this(message, false, cause);
    }

    TokenUnusable(String message, boolean away, @Nullable Throwable cause) {
        super(message, away, cause);
    }
}
