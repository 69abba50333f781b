package dev.chancery.keyring;

import dev.chancery.database.DatabaseUnavailable;
import java.util.function.Supplier;

/** Work with what a ring seals, in a process that may not have seen the ring's newest version. */
final class StaleRing {
    /** Raised by the triggers that refuse what a destroyed key would have wrapped. */
    static final String RETIRED = "KR002";

    private static final int ATTEMPTS = 5;

    private StaleRing() {}

    /**
     * Does the work again where a version of the ring was retired or destroyed between the look at it and the work: by then whatever it had sealed is
     * sealed anew.
     */
    static <T> T retrying(Sealer.Ring ring, Supplier<T> work) {
        for (int attempt = 1; ; attempt++) {
            try {
                return work.get();
            } catch (KeyDestroyed e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            } catch (DatabaseUnavailable e) {
                if (attempt == ATTEMPTS || !RETIRED.equals(e.sqlState())) {
                    throw e;
                }
            }
            ring.refresh();
        }
    }
}
