package dev.chancery.app.configuration;

/** Why a process does not start: one line that says what is wrong and what to do. It holds no secret. */
public final class Unusable extends RuntimeException {
    private static final long serialVersionUID = 1;

    public Unusable(String what) {
        super(what);
    }
}
