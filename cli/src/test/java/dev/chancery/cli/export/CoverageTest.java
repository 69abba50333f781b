package dev.chancery.cli.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CoverageTest {
    @Test
    void whatTheLogHadIsWaitedForAndNotWhatItGetsMeanwhile() throws Exception {
        var asked = new AtomicLong();
        Coverage coverage = Coverage.await(
                () -> {
                    long n = asked.getAndIncrement();
                    return new Coverage(16 + 10 * n, 10 + 3 * n);
                },
                Duration.ofMinutes(1));
        assertThat(coverage).isEqualTo(new Coverage(16, 16));
        assertThat(asked).hasValue(3);
        assertThat(coverage.warning()).isEmpty();
    }

    @Test
    void aCheckpointThatDoesNotComeIsWarnedOfWithBothNumbers() throws Exception {
        Coverage coverage = Coverage.await(() -> new Coverage(16, 4), Duration.ofMillis(1));
        assertThat(coverage.warning()).hasValueSatisfying(warning -> assertThat(warning)
                .startsWith("warning: the log has 16 records, and its newest checkpoint is of 4: ")
                .doesNotContain("\n"));
    }
}
