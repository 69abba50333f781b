package dev.chancery.cli.demo;

/** A step that did not do what it should. */
final class NotAsTold extends Exception {
    private final String expected;
    private final String received;

    NotAsTold(String what, String expected, String received) {
        super(what);
        this.expected = expected;
        this.received = received;
    }

    String expected() {
        return expected;
    }

    String received() {
        return received;
    }
}
