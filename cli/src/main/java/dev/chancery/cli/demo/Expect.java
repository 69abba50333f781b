package dev.chancery.cli.demo;

import dev.chancery.cli.client.Refused;
import java.io.IOException;

/** What a step insists on. */
final class Expect {
    /** Something that an instance may refuse. */
    @FunctionalInterface
    interface Attempt {
        Object make() throws Refused, IOException;
    }

    private Expect() {}

    static void equal(String what, Object expected, Object received) throws NotAsTold {
        if (!expected.equals(received)) {
            throw new NotAsTold(what, String.valueOf(expected), String.valueOf(received));
        }
    }

    static void that(String what, boolean holds) throws NotAsTold {
        if (!holds) {
            throw new NotAsTold(what, "so", "not so");
        }
    }

    /** That the attempt is refused, for that reason. */
    static void refused(String what, String code, Attempt attempt) throws NotAsTold, IOException {
        Object received;
        try {
            received = attempt.make();
        } catch (Refused e) {
            equal(what, "refused: " + code, "refused: " + e.code());
            return;
        }
        throw new NotAsTold(
                what, "refused: " + code, "accepted: " + received.getClass().getSimpleName());
    }
}
