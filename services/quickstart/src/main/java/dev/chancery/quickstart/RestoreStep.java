package dev.chancery.quickstart;

/**
 * What a restore does, in this order. A test ends one after each: it stands unfinished, and goes on when it is run again, from its beginning until
 * {@link #UNPACKED}.
 */
enum RestoreStep {
    /** Nothing is written yet. */
    VERIFIED,
    /** The directory says that it is being restored. */
    MARKED,
    FILES_WRITTEN,
    KAFKA_COPIED,
    KEY_FILE_PLACED,
    /** The directory says that all its files are there. */
    UNPACKED,
    /** PostgreSQL has recovered, and the schemas are those of this version. */
    SERVERS_STARTED,
    /** The keys are those of the newer copy. */
    KEYS_REPLACED,
    /** The directory says so. */
    KEYED,
    TAIL_IMPORTED,
    /** Whose keys are lost is in a file. */
    LOST_KEYS_NAMED,
    LOST_KEYS_REPLACED,
    /** PostgreSQL takes records. */
    APPENDS_LET_IN,
    INTENT_RECORDED,
    FORGOTTEN_AGAIN,
    OUTCOME_RECORDED,
    /** The servers are stopped; the mark is still there. */
    STOPPED,
    /** The directory is like any other. */
    UNMARKED
}
