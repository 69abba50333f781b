package dev.chancery.relay;

/** The relay must not run: carrying on could lose or contradict records. Its message is one line that says what was found. */
public final class RelayRefused extends RuntimeException {
    private static final long serialVersionUID = 1;

    RelayRefused(String found) {
        super(found);
    }
}
