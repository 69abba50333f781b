package dev.chancery.cli.demo;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Does what a refusal for now asks for: comes back after a short wait, with the same idempotency key. Not for ever. */
final class Patience {
    static final long ANSWER_WAIT_MILLIS = 60_000;
    private static final long PAUSE_MILLIS = 250;

    /** For now, every one of them. */
    private static final Set<String> COME_BACK = Set.of(
            "idempotency.in-progress",
            "backbone.busy",
            "backbone.unavailable",
            "backbone.log-unavailable",
            "backbone.outcome-unknown",
            "backbone.relay-behind",
            "backbone.decision-stale",
            "backbone.position-not-reached",
            "backbone.too-late");

    /** One try. */
    @FunctionalInterface
    interface Attempt<T> {
        T make() throws Refused, Unreachable;
    }

    private Patience() {}

    /** Tries until there is an answer, a refusal that is for good, or time has run out. */
    static <T> T insist(Attempt<T> attempt) throws Refused, Unreachable {
        long deadline = System.currentTimeMillis() + ANSWER_WAIT_MILLIS;
        while (true) {
            try {
                return attempt.make();
            } catch (Refused e) {
                if (!COME_BACK.contains(e.code()) || System.currentTimeMillis() > deadline) {
                    throw e;
                }
            } catch (Unreachable e) {
                if (System.currentTimeMillis() > deadline
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            }
            pause();
        }
    }

    private static void pause() throws Unreachable {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unreachable("interrupted", e);
        }
    }
}
