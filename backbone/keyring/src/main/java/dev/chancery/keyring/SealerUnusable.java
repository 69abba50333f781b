package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/**
 * What holds the keys above all others can't be used, now or as it is set up. The message is one line for the operator: what is wrong, what
 * to do; it holds no secret. Nothing took effect in what was asked of the sealer, as far as can be known.
 */
public abstract sealed class SealerUnusable extends RuntimeException
        permits KeyFileUnusable, TokenUnusable, TransitUnusable {
    private static final long serialVersionUID = 1;

    SealerUnusable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
