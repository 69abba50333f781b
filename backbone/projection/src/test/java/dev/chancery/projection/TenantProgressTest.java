package dev.chancery.projection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TenantProgressTest {
    private static final String TENANT = "tenant";
    private static final int MAX_RUN = 3;
    private static final int BATCH = 4;

    /** What may happen between a log, a relay, a topic that loses records, and a consumer that crashes. */
    enum Step {
        SEND,
        SEND_AND_LOSE,
        LOSE_ALL_THAT_IS_UNREAD,
        POLL_ONE,
        POLL_SOME,
        ASK,
        SERVE_A_BATCH,
        SAVE,
        CRASH
    }

    @Property(tries = 5_000)
    void whateverIsLostEveryRecordIsAppliedOnceAndInOrder(@ForAll @Size(max = 80) List<Step> steps) {
        var world = new World();
        steps.forEach(world::take);
        world.comesToRest();
        assertThat(world.applied.size()).as("all up to what was seen").isGreaterThan((int) world.highestSeen);
        world.send(false);
        world.comesToRest();
        assertThat(world.applied)
                .containsExactlyElementsOf(
                        LongStream.range(0, world.sent).boxed().toList());
        assertThat(world.requestedFrom).as("nothing is asked for any more").isEqualTo(-1);
        assertThat(world.progress.isWaiting()).isFalse();
    }

    @Test
    void aRunNoLongerThanTheLimitIsCommittedAtATime() {
        var progress = new TenantProgress(TENANT, 0, 9, false);
        var chunks = progress.inTurn(
                LongStream.of(10, 11, 9, 12, 13, 15, 14)
                        .mapToObj(TenantProgressTest::record)
                        .toList(),
                MAX_RUN);
        assertThat(chunks.stream().map(chunk -> positions(chunk.run())))
                .containsExactly(List.of(10L, 11L, 12L), List.of(13L, 14L));
        assertThat(chunks.stream().map(chunk -> positions(chunk.repeated()))).containsExactly(List.of(9L), List.of());
        progress.advance(14);
        assertThat(progress.isWaiting()).isTrue();
        assertThat(progress.missingFrom()).isEqualTo(15);
        assertThat(progress.missingTo()).isEqualTo(15);
    }

    @Test
    void anOffsetIsHeldUntilTheRelayWasAsked() {
        var progress = new TenantProgress(TENANT, 0, -1, false);
        progress.drop(record(5, 70));
        progress.drop(record(6, 71));
        assertThat(progress.missingFrom()).isZero();
        assertThat(progress.missingTo()).isEqualTo(4);
        assertThat(progress.resumeOffset()).isEqualTo(70);
        progress.requested();
        assertThat(progress.resumeOffset()).isEqualTo(Long.MAX_VALUE);
        progress.drop(record(7, 72));
        assertThat(progress.resumeOffset()).isEqualTo(72);
        progress.advance(7);
        assertThat(progress.resumeOffset()).isEqualTo(Long.MAX_VALUE);
        assertThat(progress.isWaiting()).isFalse();
    }

    /** One tenant's log, its partition, the relay's request for it, and the consumer. */
    private static final class World {
        final List<Long> topic = new ArrayList<>();
        final List<Long> applied = new ArrayList<>();
        long sent;
        long highestSeen = -1;
        boolean requested;
        long requestedFrom = -1;
        int nextOffset;
        int savedOffset;
        TenantProgress progress = new TenantProgress(TENANT, 0, -1, false);

        void take(Step step) {
            switch (step) {
                case SEND -> send(false);
                case SEND_AND_LOSE -> send(true);
                case LOSE_ALL_THAT_IS_UNREAD -> loseAllThatIsUnread();
                case POLL_ONE -> poll(1);
                case POLL_SOME -> poll(BATCH);
                case ASK -> ask();
                case SERVE_A_BATCH -> serve();
                case SAVE -> savedOffset = (int) Math.max(savedOffset, Math.min(nextOffset, progress.resumeOffset()));
                case CRASH -> {
                    progress = new TenantProgress(TENANT, 0, applied.size() - 1, false);
                    nextOffset = savedOffset;
                }
            }
        }

        /** Not what was sent again: losing that too shows with the tenant's next record only. */
        private void loseAllThatIsUnread() {
            if (!requested) {
                for (int offset = nextOffset; offset < topic.size(); offset++) {
                    topic.set(offset, null);
                }
                highestSeen = applied.size() - 1;
            }
        }

        void send(boolean lost) {
            topic.add(lost ? null : sent);
            sent++;
        }

        private void poll(int atMost) {
            var polled = new ArrayList<LogRecord>();
            int end = Math.min(topic.size(), nextOffset + atMost);
            for (; nextOffset < end; nextOffset++) {
                Long position = topic.get(nextOffset);
                if (position != null) {
                    highestSeen = Math.max(highestSeen, position);
                    polled.add(record(position, nextOffset));
                }
            }
            for (TenantProgress.Chunk chunk : progress.inTurn(polled, MAX_RUN)) {
                applied.addAll(positions(chunk.run()));
                progress.advance(applied.size() - 1);
            }
            if (!progress.isWaiting()) {
                progress.settle();
            }
        }

        private void ask() {
            if (progress.isWaiting()) {
                requestedFrom =
                        requestedFrom < 0 ? progress.missingFrom() : Math.min(requestedFrom, progress.missingFrom());
                progress.requested();
                requested = true;
            }
        }

        private void serve() {
            if (requestedFrom >= 0) {
                long end = Math.min(sent, requestedFrom + BATCH);
                LongStream.range(requestedFrom, end).forEach(topic::add);
                requestedFrom = end < sent ? end : -1;
            }
        }

        /** Without further losses or crashes, and with one request at a time. */
        void comesToRest() {
            int requests = 0;
            do {
                while (requestedFrom >= 0) {
                    serve();
                }
                poll(topic.size());
                if (progress.isWaiting()) {
                    ask();
                    requests++;
                }
                assertThat(requests).as("one request is enough").isLessThanOrEqualTo(1);
            } while (progress.isWaiting());
        }
    }

    private static List<Long> positions(List<LogRecord> records) {
        return records.stream().map(LogRecord::position).toList();
    }

    private static LogRecord record(long position) {
        return record(position, position);
    }

    private static LogRecord record(long position, long offset) {
        try {
            return LogRecord.parse(TENANT, Records.record(TENANT, position, "r" + position), 0, offset);
        } catch (MalformedRecord e) {
            throw new IllegalArgumentException(e);
        }
    }
}
