package dev.chancery.schema;

/**
 * A capability of the contract.
 *
 * @param name {@code resource:verb}
 * @param description what its holder may do, in one line
 * @param stepUpSeconds how old an authentication may be that it is used with; 0: of any age
 * @param breakGlassOnly it counts only where it is held by break-glass
 * @param consentPurpose using it takes the consent of whom it is about, for this purpose; empty: it takes none
 */
public record ContractCapability(
        String name, String description, int stepUpSeconds, boolean breakGlassOnly, String consentPurpose) {
    /** Whether its use takes more than to hold it. */
    public boolean isSensitive() {
        return stepUpSeconds > 0 || breakGlassOnly || !consentPurpose.isEmpty();
    }
}
