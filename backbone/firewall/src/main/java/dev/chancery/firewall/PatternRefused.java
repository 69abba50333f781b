package dev.chancery.firewall;

/** A pattern that can't be used. The message says which one, why, and what to write. */
public final class PatternRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String why;

    PatternRefused(String pattern, String why) {
        super("the pattern \"" + pattern + "\" " + why);
        this.why = why;
    }

    /** Why, without the pattern: goes on after "the pattern". */
    public String why() {
        return why;
    }
}
