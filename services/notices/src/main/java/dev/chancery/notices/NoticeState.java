package dev.chancery.notices;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.notices.v1.NoticeChannel;
import dev.chancery.schema.notices.v1.NoticeFailed;
import dev.chancery.schema.notices.v1.NoticeSent;
import java.util.EnumSet;
import java.util.Set;

/**
 * What became of a notice, by its stream. Empty: nothing was tried.
 *
 * @param taken channels that have it
 * @param attempts that failed, since it became due or was replayed
 * @param retryMicros it rests until then
 */
record NoticeState(Set<NoticeChannel> taken, int attempts, boolean parked, long retryMicros) {
    static final Fold<NoticeState, LogEvent> FOLD = new Fold<>() {
        @Override
        public NoticeState initial() {
            return new NoticeState(Set.of(), 0, false, 0);
        }

        @Override
        public NoticeState evolve(NoticeState state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.notices.v1.NoticeSent" ->
                    state.takenBy(
                            EventReading.read(NoticeSent.parser(), event.body()).getChannel());
                case "chancery.notices.v1.NoticeFailed" -> {
                    var failed = EventReading.read(NoticeFailed.parser(), event.body());
                    yield new NoticeState(
                            state.taken(), failed.getAttempt(), failed.getParked(), failed.getRetryMicros());
                }
                case "chancery.notices.v1.NoticeReplayed" -> new NoticeState(state.taken(), 0, false, 0);
                default -> state;
            };
        }
    };

    NoticeState {
        taken = Set.copyOf(taken);
    }

    static StreamId stream(String noticeId) {
        return StreamId.of("notices", "notice", noticeId);
    }

    private NoticeState takenBy(NoticeChannel channel) {
        Set<NoticeChannel> more = EnumSet.of(channel);
        more.addAll(taken);
        return new NoticeState(more, attempts, parked, 0);
    }
}
