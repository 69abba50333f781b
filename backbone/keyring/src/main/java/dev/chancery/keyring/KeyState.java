package dev.chancery.keyring;

/** A key's life, forward only; PostgreSQL refuses a step back. */
enum KeyState {
    /** Made and known to every process, not yet used, so that nobody meets a value whose key it doesn't know. */
    PENDING,
    /** Seals and opens. */
    CURRENT,
    /** Opens only. */
    PREVIOUS,
    /** A tombstone without bytes. */
    DESTROYED
}
