package dev.chancery.keyring;

import org.jspecify.annotations.Nullable;

/**
 * What holds the keys above all others can't be used, now or as it is set up. The message is one line for the operator: what is wrong, what
 * to do; it holds no secret. Nothing took effect in what was asked of the sealer, as far as can be known.
 */
public abstract sealed class SealerUnusable extends RuntimeException
        permits KeyFileUnusable, SealerOutdated, TokenUnusable, TransitUnusable {
    private static final long serialVersionUID = 1;

    private final boolean away;

    /** @param away see {@link #isAway} */
    SealerUnusable(String message, boolean away, @Nullable Throwable cause) {
        super(message, cause);
        this.away = away;
    }

    /**
     * Whether what holds the keys is not there now and may be there again with nothing changed here: a token that is unplugged, an engine that
     * does not answer or is sealed itself. False: somebody has to change a setting, a key or a right first.
     */
    public final boolean isAway() {
        return away;
    }
}
