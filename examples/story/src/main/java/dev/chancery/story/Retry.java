package dev.chancery.story;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Repeats a call, with the same idempotency key, while its refusal is temporary. Not for longer than a minute. */
final class Retry {
    private static final long MAX_MILLIS = 60_000;
    private static final long PAUSE_MILLIS = 250;

    private static final Set<String> TEMPORARY = Set.of(
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

    private Retry() {}

    static <T> T untilFinal(Attempt<T> attempt) throws Refused, Unreachable {
        long deadline = System.currentTimeMillis() + MAX_MILLIS;
        while (true) {
            boolean last = System.currentTimeMillis() > deadline;
            try {
                return attempt.make();
            } catch (Refused e) {
                if (last || !TEMPORARY.contains(e.code())) {
                    throw e;
                }
            } catch (Unreachable e) {
                if (last || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            }
            try {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Unreachable("interrupted", e);
            }
        }
    }
}
