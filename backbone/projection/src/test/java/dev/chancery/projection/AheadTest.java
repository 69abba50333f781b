package dev.chancery.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class AheadTest {
    private static final String TENANT = "instance";

    @Property(tries = 300)
    void theLowestWaitAndNothingIsTakenForAGapThatWasLetGo(
            @ForAll @Size(max = 60) List<@IntRange(max = 40) Integer> order,
            @ForAll @IntRange(min = 1, max = 10) int limit)
            throws MalformedRecord {
        var ahead = new Ahead(limit);
        var taken = new ArrayList<Long>();
        for (int position : order) {
            if (position >= taken.size()) {
                ahead.add(record(position, "r"));
            }
            ahead.takeRun(taken.size(), 5).forEach(record -> taken.add(record.position()));
        }
        assertThat(taken).isEqualTo(LongStream.range(0, taken.size()).boxed().toList());
        if (!ahead.isEmpty() && !order.contains(taken.size())) {
            assertThat(ahead.firstPosition()).isGreaterThan(taken.size());
        }
        if (order.contains(taken.size())) {
            assertThat(ahead.isIncomplete() || ahead.firstPosition() == taken.size())
                    .isTrue();
        }
        if (!ahead.isEmpty()) {
            // What waits is what arrived, from the first on: a hole in it was never seen.
            assertThat(order).contains((int) ahead.firstPosition());
            for (long missing = taken.size(); missing < ahead.firstPosition(); missing++) {
                assertThat(order).doesNotContain((int) missing);
            }
        }
    }

    @Test
    void anotherRecordOfTheSamePositionIsAFork() throws MalformedRecord {
        var ahead = new Ahead(3);
        ahead.add(record(5, "one"));
        ahead.add(record(5, "one"));
        LogRecord other = record(5, "other");
        assertThatThrownBy(() -> ahead.add(other)).isInstanceOf(ForkFound.class);
    }

    private static LogRecord record(long position, String requestId) throws MalformedRecord {
        return LogRecord.parse(TENANT, Records.record(TENANT, position, requestId), 0, position);
    }
}
