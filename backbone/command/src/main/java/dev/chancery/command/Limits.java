package dev.chancery.command;

import java.time.Duration;

/** What a command and a read may take. */
public final class Limits {
    /** Decisions a command may take while the data it depends on keeps changing; then it is refused as busy. */
    static final int MAX_ATTEMPTS = 32;

    /** From intent to outcome; later, the intent is abandoned. */
    public static final long DEADLINE_MILLIS = 10_000;

    /** How long the same idempotency key gets the same answer: a day. */
    static final long RECEIPT_MILLIS = 86_400_000;

    /** How long a read waits until its view has reached the position that the request carries. */
    public static final Duration POSITION_WAIT = Duration.ofSeconds(2);

    private Limits() {}
}
