package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/** The PKCS#11 token can't be used. The message is one line for the operator: what is wrong, what to do. */
public final class TokenUnusable extends RuntimeException {
    private static final long serialVersionUID = 1;

    TokenUnusable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
