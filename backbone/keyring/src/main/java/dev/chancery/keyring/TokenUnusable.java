package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/** The PKCS#11 token can't be used. */
public final class TokenUnusable extends SealerUnusable {
    private static final long serialVersionUID = 1;

    TokenUnusable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
