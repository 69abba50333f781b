package dev.chancery.boundary.limits;

/** Where tokens come from: the table that processes share, or, while it can't be reached, this process's own memory. */
interface Buckets {
    /**
     * Tokens that were taken.
     *
     * @param waitMicros where there was none: until there is one
     */
    record Taken(int tokens, long waitMicros) {}

    /**
     * Takes up to {@code want} tokens.
     *
     * @param want from 1 to the rate's burst
     */
    Taken take(BucketKey key, Rate rate, int want);
}
