package dev.chancery.decision;

/**
 * What an answer has to take into account.
 *
 * @param value a position; of {@link Kind#AS_OF}, Unix time in microseconds
 */
public record Consistency(Kind kind, long value) {
    public enum Kind {
        /** What is known here: at most {@link DecisionPoint#MAX_AGE} old. */
        FASTEST,
        /** A position, and what else is known. */
        AT_LEAST,
        /** A position and nothing after it, decided at the time of its record: the same question has the same answer for ever. */
        EXACT,
        /** What had been recorded at a time, decided at that time. */
        AS_OF
    }

    public static final Consistency FASTEST = new Consistency(Kind.FASTEST, 0);

    public static Consistency atLeast(long position) {
        return new Consistency(Kind.AT_LEAST, position);
    }

    public static Consistency exactly(long position) {
        return new Consistency(Kind.EXACT, position);
    }

    public static Consistency asOf(long atMicros) {
        return new Consistency(Kind.AS_OF, atMicros);
    }
}
