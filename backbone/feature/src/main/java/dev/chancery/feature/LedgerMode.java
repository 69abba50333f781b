package dev.chancery.feature;

import dev.chancery.schema.Contract;
import java.util.Set;

/** What records keep of the values that the contract calls hideable. What is written in one mode is read in the other. */
public enum LedgerMode {
    /** They are sealed: whoever holds the keys reads them. */
    STANDARD,
    /** Commitments to them alone: nobody reads them, and whoever has a value finds its records. */
    PRIVACY_ENHANCED;

    /** The fields whose values are hidden. */
    public Set<String> hidden(Contract contract) {
        return this == PRIVACY_ENHANCED ? contract.hideable() : Set.of();
    }
}
