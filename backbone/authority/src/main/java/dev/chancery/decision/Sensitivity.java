package dev.chancery.decision;

/**
 * How much care the use of a capability takes. All that is set holds.
 *
 * @param stepUpSeconds how old an authentication may be, unsigned; 0: of any age
 * @param breakGlassOnly it counts only where it is held by break-glass
 * @param consent it takes the consent of whom its use is about
 */
public record Sensitivity(int stepUpSeconds, boolean breakGlassOnly, boolean consent) {
    public static final Sensitivity NONE = new Sensitivity(0, false, false);

    /** Whether something could be done under this that could not be done under another. */
    public boolean isLooserThan(Sensitivity other) {
        return (other.breakGlassOnly && !breakGlassOnly)
                || (other.consent && !consent)
                || (other.stepUpSeconds != 0
                        && (stepUpSeconds == 0 || Integer.compareUnsigned(stepUpSeconds, other.stepUpSeconds) > 0));
    }

    /** Whether what could be done under another can't be under this, however recently one was authenticated. */
    public boolean shutsOut(Sensitivity other) {
        return (breakGlassOnly && !other.breakGlassOnly) || (consent && !other.consent);
    }

    /** What satisfies both. */
    Sensitivity and(Sensitivity other) {
        return new Sensitivity(
                stricter(stepUpSeconds, other.stepUpSeconds),
                breakGlassOnly || other.breakGlassOnly,
                consent || other.consent);
    }

    private static int stricter(int one, int other) {
        if (one == 0 || other == 0) {
            return one | other;
        }
        return Integer.compareUnsigned(one, other) < 0 ? one : other;
    }
}
