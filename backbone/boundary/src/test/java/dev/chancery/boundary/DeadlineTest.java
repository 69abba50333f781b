package dev.chancery.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.Caller;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeadlineTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Caller CALLER =
            new Caller("request", Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), "", "");

    private final InFlight inFlight = new InFlight();

    @Test
    void whatIsOverInTimeIsTheAnswer() throws Exception {
        try (InFlight.Permit permit = inFlight.enter(Optional.empty())) {
            assertThat(new Deadline(LIMIT).await(permit, CALLER, LIMIT, () -> 5))
                    .contains(5);
        }
        await();
    }

    /** Otherwise callers would be let in for as long as the database stands still, each with its own work under way. */
    @Test
    void workThatIsNotOverInTimeKeepsItsPermit() throws Exception {
        var stuck = new CountDownLatch(1);
        try (InFlight.Permit permit = inFlight.enter(Optional.empty())) {
            Optional<Boolean> answer = new Deadline(Duration.ofMillis(50)).await(permit, CALLER, LIMIT, () -> {
                try {
                    stuck.await();
                    return true;
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(answer).isEmpty();
        }
        assertThat(inFlight.unknownCalls()).isEqualTo(1);

        stuck.countDown();
        await();
    }

    @Test
    void aCallerThatWaitsLessHearsSooner() throws Exception {
        var stuck = new CountDownLatch(1);
        long begun = System.nanoTime();
        try (InFlight.Permit permit = inFlight.enter(Optional.empty())) {
            assertThat(new Deadline(LIMIT).await(permit, CALLER, Duration.ofMillis(50), () -> {
                        try {
                            return stuck.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    }))
                    .isEmpty();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(LIMIT.dividedBy(4));
        stuck.countDown();
        await();
    }

    private void await() {
        long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
        while (inFlight.unknownCalls() > 0) {
            assertThat(System.nanoTime()).isLessThan(deadlineNanos);
            Thread.onSpinWait();
        }
    }
}
