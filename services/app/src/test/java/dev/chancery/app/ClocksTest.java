package dev.chancery.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClocksTest {
    @Test
    void aClockThatLiesBetweenQuestionAndAnswerDoesNotDiffer() {
        assertThat(Clocks.difference(1_000, 1_000, 1_020)).isZero();
        assertThat(Clocks.difference(1_000, 1_020, 1_020)).isZero();
    }

    @Test
    void oneThatIsAheadOrBehindDiffersByAtLeastThatMuchHoweverLongTheAnswerTook() {
        assertThat(Clocks.difference(5_000, 1_000, 9_000)).as("ours is ahead").isEqualTo(4_000);
        assertThat(Clocks.difference(1_000, 9_000, 4_000)).as("ours is behind").isEqualTo(-5_000);
    }
}
