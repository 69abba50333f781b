package dev.chancery.decision;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * How much care the use of a capability takes. All that is set holds.
 *
 * @param stepUpSeconds how old an authentication may be, unsigned; 0: of any age
 * @param breakGlassOnly it counts only where it is held by break-glass
 * @param consentFor the purposes to each of which whom its use is about has to have consented, in order; one without a name is never
 *     consented to
 */
public record Sensitivity(int stepUpSeconds, boolean breakGlassOnly, Set<String> consentFor) {
    public static final Sensitivity NONE = new Sensitivity(0, false, Set.of());

    public Sensitivity {
        consentFor =
                consentFor.size() < 2 ? Set.copyOf(consentFor) : Collections.unmodifiableSet(new TreeSet<>(consentFor));
    }

    /** As events say it. */
    public static Sensitivity of(
            int stepUpSeconds, boolean breakGlassOnly, boolean consentRequired, String consentPurpose) {
        boolean consent = consentRequired || !consentPurpose.isEmpty();
        return new Sensitivity(stepUpSeconds, breakGlassOnly, consent ? Set.of(consentPurpose) : Set.of());
    }

    /** Whether something could be done under this that could not be done under another. */
    public boolean isLooserThan(Sensitivity other) {
        return (other.breakGlassOnly && !breakGlassOnly)
                || !consentFor.containsAll(other.consentFor)
                || (other.stepUpSeconds != 0
                        && (stepUpSeconds == 0 || Integer.compareUnsigned(stepUpSeconds, other.stepUpSeconds) > 0));
    }

    /** Whether what could be done under another can't be under this, however recently one was authenticated. */
    public boolean shutsOut(Sensitivity other) {
        return (breakGlassOnly && !other.breakGlassOnly) || !other.consentFor.containsAll(consentFor);
    }

    /** What satisfies both. */
    Sensitivity and(Sensitivity other) {
        if (other.equals(NONE)) {
            return this;
        }
        Set<String> both = new TreeSet<>(consentFor);
        both.addAll(other.consentFor);
        return new Sensitivity(
                stricter(stepUpSeconds, other.stepUpSeconds), breakGlassOnly || other.breakGlassOnly, both);
    }

    private static int stricter(int one, int other) {
        if (one == 0 || other == 0) {
            return one | other;
        }
        return Integer.compareUnsigned(one, other) < 0 ? one : other;
    }
}
