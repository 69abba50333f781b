package dev.chancery.decision;

/** What a question is answered from, or why it has no answer. */
public sealed interface Answerable {
    /** @param atMicros the moment that is decided at */
    record From(TenantState state, long atMicros) implements Answerable {}

    enum Not implements Answerable {
        /** PostgreSQL was not read for too long. */
        STALE,
        /** The position was committed, and is not seen here yet. */
        NOT_REACHED,
        /** There is no such position yet, or the time is still to come. */
        AHEAD,
        /** The log begins later. */
        BEFORE_BEGINNING,
        /** Too many past positions are being read. */
        BUSY
    }
}
