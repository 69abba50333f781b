package dev.chancery.notices;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.notices.v1.NoticeChannel;
import dev.chancery.schema.notices.v1.NoticeFailed;
import dev.chancery.schema.notices.v1.NoticeSent;
import java.util.HashMap;
import java.util.Map;

/**
 * What became of a notice, by its stream. Empty: nothing was tried.
 *
 * @param channels those that tried it; one that fails keeps no other from it
 */
record NoticeState(Map<NoticeChannel, Delivery> channels) {
    /**
     * What became of it on one channel.
     *
     * @param attempts that failed, since it became due or was replayed
     * @param retryMicros it rests until then
     */
    record Delivery(boolean taken, int attempts, boolean parked, long retryMicros) {
        private static final Delivery UNTRIED = new Delivery(false, 0, false, 0);
        private static final Delivery TAKEN = new Delivery(true, 0, false, 0);

        /** It is tried, now or when its rest is over. */
        boolean waits() {
            return !taken && !parked;
        }
    }

    static final Fold<NoticeState, LogEvent> FOLD = new Fold<>() {
        @Override
        public NoticeState initial() {
            return new NoticeState(Map.of());
        }

        @Override
        public NoticeState evolve(NoticeState state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.notices.v1.NoticeSent" ->
                    state.with(
                            EventReading.read(NoticeSent.parser(), event.body()).getChannel(), Delivery.TAKEN);
                case "chancery.notices.v1.NoticeFailed" -> {
                    var failed = EventReading.read(NoticeFailed.parser(), event.body());
                    yield state.with(
                            failed.getChannel(),
                            new Delivery(false, failed.getAttempt(), failed.getParked(), failed.getRetryMicros()));
                }
                case "chancery.notices.v1.NoticeReplayed" -> state.replayed();
                default -> state;
            };
        }
    };

    NoticeState {
        channels = Map.copyOf(channels);
    }

    static StreamId stream(String noticeId) {
        return StreamId.of("notices", "notice", noticeId);
    }

    Delivery on(NoticeChannel channel) {
        return channels.getOrDefault(channel, Delivery.UNTRIED);
    }

    /** Whether a channel tries it no more until somebody replays it. */
    boolean parked() {
        return channels.values().stream().anyMatch(Delivery::parked);
    }

    private NoticeState with(NoticeChannel channel, Delivery delivery) {
        Map<NoticeChannel, Delivery> changed = new HashMap<>(channels);
        changed.put(channel, delivery);
        return new NoticeState(changed);
    }

    private NoticeState replayed() {
        Map<NoticeChannel, Delivery> kept = new HashMap<>(channels);
        kept.values().removeIf(delivery -> !delivery.taken());
        return new NoticeState(kept);
    }
}
