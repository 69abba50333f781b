package dev.chancery.retention;

/**
 * What the eraser does of its own accord until a subject's class is gone, in this order; what becomes of keys in between is {@link
 * dev.chancery.keyring.DestructionStep}. Each step can be repeated. A process that dies after one leaves the rest to the next.
 */
enum ErasureStep {
    /** That the keys are to go stands in the log: a request's, or since a retention period is over. */
    DECIDED,
    /** They are gone in the database. */
    KEYS_DESTROYED,
    /** Nothing tells from a name or an address whose it was. */
    NAMES_FORGOTTEN,
    /** That the keys are gone stands in the log. */
    DESTRUCTION_RECORDED,
    /** At the horizon: the keys above are gone, too. */
    KEYS_ABOVE_DESTROYED,
    /** That no copy opens anything stands in the log. */
    COMPLETION_RECORDED
}
