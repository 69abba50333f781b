package dev.chancery.quickstart;

/** Why the quick start does not start: one line that says what is wrong and what to do. */
final class Unusable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unusable(String what) {
        super(what);
    }
}
