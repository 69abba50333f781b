package dev.chancery.story;

import dev.chancery.cli.client.Refused;
import java.io.IOException;

/** The checks of a step. */
final class Expect {
    /** Something that the instance should refuse. */
    @FunctionalInterface
    interface Attempt {
        Object make() throws Refused, IOException;
    }

    private Expect() {}

    static void equal(String what, Object expected, Object received) throws Unexpected {
        if (!expected.equals(received)) {
            throw new Unexpected(what, String.valueOf(expected), String.valueOf(received));
        }
    }

    static void that(String what, boolean holds) throws Unexpected {
        equal(what, true, holds);
    }

    /** That the attempt is refused with this code. */
    static void refused(String what, String code, Attempt attempt) throws Unexpected, IOException {
        String received;
        try {
            received = "accepted: " + attempt.make().getClass().getSimpleName();
        } catch (Refused e) {
            received = "refused: " + e.code();
        }
        equal(what, "refused: " + code, received);
    }
}
