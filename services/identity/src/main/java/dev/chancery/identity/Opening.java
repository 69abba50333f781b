package dev.chancery.identity;

import dev.chancery.kernel.Rejection;
import dev.chancery.log.NewEvent;
import java.util.List;
import java.util.Optional;

/** What a sign-in came to. */
sealed interface Opening {
    /**
     * Tokens, good once the events are in the log.
     *
     * @param refreshToken of a session
     */
    record Opened(
            String tokenId,
            String accessToken,
            int expiresInSeconds,
            Optional<String> refreshToken,
            List<NewEvent> events)
            implements Opening {}

    record Refused(Rejection rejection) implements Opening {}
}
