package dev.chancery.quickstart;

/** What a backup does, in this order. A test ends one after each. */
enum BackupStep {
    INTENT_RECORDED,
    /** The first file is in it. */
    BEGUN,
    /** All files are in it, under a name that says that it is unfinished. */
    READ,
    /** It is whole, and has its name. */
    NAMED,
    OUTCOME_RECORDED
}
