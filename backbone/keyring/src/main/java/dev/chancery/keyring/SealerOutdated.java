package dev.chancery.keyring;

import java.util.Locale;

/** The sealer has not the newest versions that it had: an old copy of its key file, token or engine is in its place. */
public final class SealerOutdated extends SealerUnusable {
    private static final long serialVersionUID = 1;

    SealerOutdated(SealerKeys.Of ring, int has, int had) {
        super(
                "the sealer is older than the keys: its ring for " + ring.name().toLowerCase(Locale.ROOT)
                        + " ends with version " + has + ", and had version " + had
                        + "; restore its newest copy, since a new version would take the number of one that keys need",
                false,
                null);
    }
}
