package dev.chancery.firewall;

/** A pattern that can't be used. The message says which one, why, and what to write. */
public final class PatternRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PatternRefused(String pattern, String why) {
        super("the pattern \"" + pattern + "\" " + why);
    }
}
