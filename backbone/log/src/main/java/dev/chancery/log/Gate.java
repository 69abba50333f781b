package dev.chancery.log;

import dev.chancery.kernel.Rejection;
import java.util.Optional;

/** Says whether the log takes new commands now. What was begun is ended all the same. */
@FunctionalInterface
public interface Gate {
    /** Why it does not; empty while it does. Asked before each append: answers from memory. */
    Optional<Rejection> refusal();

    /** Takes what both take. */
    default Gate and(Gate other) {
        return () -> refusal().or(other::refusal);
    }
}
