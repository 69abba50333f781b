package dev.chancery.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {
    @Test
    void aPercentileIsTheDurationThatThisShareDidNotExceed() {
        var latencies = new Latencies();
        IntStream.rangeClosed(1, 200).forEach(millis -> latencies.add(millis * 1_000_000L));

        assertThat(latencies.percentileMillis(0.5)).isEqualTo(100);
        assertThat(latencies.percentileMillis(0.99)).isEqualTo(198);
        assertThat(latencies.percentileMillis(1)).isEqualTo(200);
    }

    @Test
    void withoutASampleThereIsNoPercentile() {
        assertThat(new Latencies().percentileMillis(0.99)).isNaN();
        assertThat(new Latencies().json()).containsOnlyKeys("count");
    }
}
