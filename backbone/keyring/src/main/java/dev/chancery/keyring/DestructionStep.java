package dev.chancery.keyring;

/**
 * What happens to keys until nothing opens a destroyed subject's values any more, in this order. Each step can be repeated, by several
 * processes at once; a process that dies between two leaves keys that the next start goes on with.
 */
public enum DestructionStep {
    /** The subject's keys are emptied in the database, and none is made again. */
    SUBJECT_KEYS_DESTROYED,
    /** The tenant has a newer key, which wraps from here on. */
    TENANT_KEY_MADE,
    /** The tenant's other subjects' keys are wrapped by it. */
    SUBJECT_KEYS_REWRAPPED,
    /** The tenant's older keys are emptied in the database. */
    OLD_TENANT_KEYS_DESTROYED,
    /** The sealer's ring has a newer version, which seals from here on. */
    RING_VERSION_MADE,
    /** All tenants' keys are sealed by it. */
    TENANT_KEYS_RESEALED,
    /** No process seals by an older version any more. */
    OLD_RING_VERSIONS_RETIRED,
    /** At the horizon: the older versions are gone from the key file or the token, which no backup of the database holds. */
    OLD_RING_VERSIONS_DESTROYED
}
