package dev.chancery.story;

/** A step had another result than it should have. */
final class Unexpected extends Exception {
    private final String expected;
    private final String received;

    Unexpected(String what, String expected, String received) {
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
