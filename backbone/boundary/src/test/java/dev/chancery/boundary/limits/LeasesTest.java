package dev.chancery.boundary.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LeasesTest {
    private static final BucketKey KEY = new BucketKey("reads", "ada");

    private final AtomicLong micros = new AtomicLong();

    /** The rule in other words: a level that rises with time and falls with calls. */
    private static final class Level {
        private final Rate rate;
        private double level;
        private long atMicros;

        Level(Rate rate) {
            this.rate = rate;
            this.level = rate.burst();
        }

        boolean take(long nowMicros) {
            double back = (nowMicros - atMicros) / (double) rate.microsAToken();
            level = Math.min(rate.burst(), level + back);
            atMicros = nowMicros;
            boolean admitted = level >= 1 - 1e-9;
            level -= admitted ? 1 : 0;
            return admitted;
        }
    }

    @Property(tries = 200)
    void aBucketAdmitsWhatItsLevelHolds(
            @ForAll @IntRange(min = 1, max = 600) int count,
            @ForAll @IntRange(min = 1, max = 40) int burst,
            @ForAll long seed) {
        var rate = new Rate(count, Duration.ofMinutes(1), burst);
        var clock = new AtomicLong();
        var buckets = new LocalBuckets(clock::get);
        var model = new Level(rate);
        var random = new Random(seed);
        for (int call = 0; call < 300; call++) {
            clock.addAndGet(random.nextLong(2 * rate.microsAToken()));
            assertThat(buckets.take(KEY, rate, 1).tokens() == 1)
                    .as("call %d at %d", call, clock.get())
                    .isEqualTo(model.take(clock.get()));
        }
    }

    @Property(tries = 100)
    void processesTogetherAdmitNoMoreThanTheirLimitAndABatch(
            @ForAll @IntRange(min = 1, max = 6_000) int count,
            @ForAll @IntRange(min = 1, max = 400) int burst,
            @ForAll @IntRange(min = 1, max = 5) int processes,
            @ForAll long seed) {
        var rate = new Rate(count, Duration.ofMinutes(1), burst);
        var clock = new AtomicLong();
        var table = new LocalBuckets(clock::get);
        List<Leases> leases = new ArrayList<>();
        for (int i = 0; i < processes; i++) {
            leases.add(new Leases(table, clock::get));
        }
        var random = new Random(seed);
        List<Long> admitted = new ArrayList<>();
        for (int call = 0; call < 1_500; call++) {
            clock.addAndGet(random.nextLong(1 + rate.microsAToken() / 2));
            Leases asked = leases.get(random.nextInt(processes));
            if (asked.spend(KEY, rate) > 0) {
                continue;
            }
            if (random.nextInt(10) == 0) {
                asked.giveBack(KEY, rate);
            } else {
                admitted.add(clock.get());
            }
        }
        for (int from = 0; from < admitted.size(); from += 7) {
            for (int to = from; to < admitted.size(); to += 5) {
                long span = admitted.get(to) - admitted.get(from);
                assertThat(to - from + 1L)
                        .as("from %d to %d of %s", from, to, rate)
                        .isLessThanOrEqualTo(rate.burst() + span / rate.microsAToken() + rate.batch() + 1);
            }
        }
    }

    @Test
    void whoWaitsAsLongAsItIsToldIsAdmitted() {
        Rate rate = Rate.of("60/min burst 3");
        var leases = new Leases(new LocalBuckets(micros::get), micros::get);
        for (int i = 0; i < 3; i++) {
            assertThat(leases.spend(KEY, rate)).isZero();
        }

        long wait = leases.spend(KEY, rate);

        assertThat(wait).isEqualTo(1_000_000);
        micros.addAndGet(wait - 1);
        assertThat(leases.spend(KEY, rate)).isEqualTo(1);
        micros.addAndGet(1);
        assertThat(leases.spend(KEY, rate)).isZero();
    }

    @Test
    void whatIsGivenBackCanBeSpentAgainButIsNotKept() {
        Rate rate = Rate.of("60/h burst 1");
        var leases = new Leases(new LocalBuckets(micros::get), micros::get);
        assertThat(leases.spend(KEY, rate)).isZero();
        leases.giveBack(KEY, rate);
        assertThat(leases.spend(KEY, rate)).isZero();
        assertThat(leases.spend(KEY, rate)).isPositive();
        leases.giveBack(KEY, rate);

        // By then the bucket has its token again: the one that was kept counts no more.
        micros.addAndGet(Duration.ofHours(1).toNanos() / 1_000);
        assertThat(leases.spend(KEY, rate)).isZero();
        assertThat(leases.spend(KEY, rate)).isPositive();
    }

    @Test
    void aCallAsksTheTableForABatchAtOnce() {
        var asked = new AtomicLong();
        var table = new LocalBuckets(micros::get);
        Rate rate = Rate.of("12000/min burst 2000");
        var leases = new Leases(
                (key, of, want) -> {
                    asked.incrementAndGet();
                    return table.take(key, of, want);
                },
                micros::get);

        for (int i = 0; i < 2_000; i++) {
            assertThat(leases.spend(KEY, rate)).isZero();
        }

        assertThat(asked).hasValue(10);
    }
}
