package dev.chancery.vault;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.vault.v1.RefreshTokenClaimed;

/**
 * Who uses the refresh token that a secret holds.
 *
 * @param untilMicros until when; 0: nobody ever did
 */
record RefreshClaim(long untilMicros) {
    static final Fold<RefreshClaim, LogEvent> FOLD = new Fold<>() {
        @Override
        public RefreshClaim initial() {
            return new RefreshClaim(0);
        }

        @Override
        public RefreshClaim evolve(RefreshClaim state, LogEvent event) {
            return event.type().equals("chancery.vault.v1.RefreshTokenClaimed")
                    ? new RefreshClaim(EventReading.read(RefreshTokenClaimed.parser(), event.body())
                            .getUntilMicros())
                    : state;
        }
    };
}
