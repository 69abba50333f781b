package dev.chancery.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.DenialLimit.Whose;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** When shared records are written, and by whom. */
class DenialLimitClockTest {
    private static final Whose BEN = new Whose("acme", "ben", false);

    private final AtomicLong nowNanos = new AtomicLong();
    private final DenialLimit denials = new DenialLimit(1, nowNanos::get);
    private final List<Long> written = new ArrayList<>();

    private boolean write(long count) {
        return written.add(count);
    }

    /** Or who comes first after the minute would wait for the record, and see by that that there is one. */
    @Test
    void callersDoNotWaitForTheRecordOfTheMinuteBefore() {
        denials.shared(BEN, this::write);
        nowNanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        denials.shared(BEN, this::write);
        assertThat(written).isEmpty();

        denials.writeDue();
        assertThat(written).containsExactly(2L);
        denials.close();
        assertThat(written).containsExactly(2L);
    }

    @Test
    void aRecordThatCouldNotBeWrittenIsTriedAgainWithItsCount() {
        denials.shared(BEN, count -> false);
        nowNanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        denials.writeDue();
        denials.shared(BEN, this::write);
        denials.writeDue();

        assertThat(written).containsExactly(2L);
    }

    @Test
    void whatOthersDoUnderANameTakesNoneOfItsOwnRecords() {
        Whose herself = new Whose("acme", "ben", true);
        denials.shared(BEN, this::write);
        assertThat(denials.hasRoom(herself)).isTrue();
        denials.recorded(herself);
        assertThat(denials.hasRoom(herself)).isFalse();
        nowNanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
        assertThat(denials.hasRoom(herself)).isTrue();
    }
}
